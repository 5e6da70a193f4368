import { createHash } from 'node:crypto';
import { steps, type Step } from './messages.ts';

/** One round: a worker comes to a step and is then killed or frozen. */
export interface Round {
  readonly number: number;
  readonly step: Step;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

/** So many of a hundred rounds freeze, after the first rounds, which kill at each step once. */
const frozenOfHundred = 20;

/** The same rounds for the same seed. */
export function planRounds(seed: number, count: number): readonly Round[] {
  const draw = (what: string, below: number): number => createHash('sha256').update(`${seed} ${what}`).digest().readUInt32BE() % below;
  const order = new Map(steps.map((step) => [step, draw(`order ${step}`, 2 ** 32)]));
  const first = [...steps].sort((left, right) => (order.get(left) ?? 0) - (order.get(right) ?? 0));
  return Array.from({ length: count }, (_, number) => {
    const step = first[number];
    if (step !== undefined) return { number, step, signal: 'SIGKILL' };
    return { number, step: steps[draw(`step ${number}`, steps.length)] ?? 'claimed', signal: draw(`signal ${number}`, 100) < frozenOfHundred ? 'SIGSTOP' : 'SIGKILL' };
  });
}

import type { ChaosWorker } from './chaos-worker.ts';

/** One attempt, as its worker told it. */
export interface SeenAttempt {
  readonly id: string;
  readonly token: string;
  readonly pid: number;
  readonly begunAtUs: number;
  /** When it ended, or its worker was killed or frozen; Infinity for one that still runs. */
  readonly untilUs: number;
  /** What the store said to its result; null when it told none, or died before the answer. */
  readonly committed: boolean | null;
}

export function attemptsOf(workers: readonly ChaosWorker[]): readonly SeenAttempt[] {
  return workers.flatMap(({ pid, events, halted }) =>
    events.flatMap((event) => {
      if (event.event !== 'begun') return [];
      const { id, token, atUs } = event;
      const ended = events.find((other) => other.event === 'ended' && other.token === token);
      const told = events.find((other) => other.event === 'told' && other.token === token);
      const endedAtUs = ended?.event === 'ended' ? ended.atUs : Infinity;
      // A signal takes a moment to arrive: what began in it was halted as well.
      const haltedAtUs = halted !== null && atUs < halted.untilUs ? Math.max(atUs, halted.fromUs) : Infinity;
      const untilUs = Math.min(endedAtUs, haltedAtUs);
      return [{ id, token, pid, begunAtUs: atUs, untilUs, committed: told?.event === 'told' ? told.committed : null }];
    }),
  );
}

/** Pairs of attempts on one job of which the second began while the first was still at work. */
export function overlaps(attempts: readonly SeenAttempt[]): readonly (readonly [SeenAttempt, SeenAttempt])[] {
  const inOrder = [...attempts].sort((left, right) => left.begunAtUs - right.begunAtUs);
  return inOrder.flatMap((second, index) => inOrder.slice(0, index).filter((first) => first.id === second.id && first.untilUs > second.begunAtUs).map((first) => [first, second] as const));
}

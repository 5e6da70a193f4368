import type { ResetReport } from './reset-report.ts';
import type { ResetRequest, Resettable } from './resettable.ts';

/** A reset that is under way in this process. */
interface RunningReset {
  readonly targets: ReadonlySet<Resettable>;
  readonly request: ResetRequest;
  readonly report: Promise<ResetReport>;
}

/** Under way, by target: two resets of one process never work on one target at the same time. */
const running = new WeakMap<Resettable, RunningReset>();

/**
 * Joins a reset that is under way if it does all that is asked for; else waits until those that touch the same targets are
 * over, and starts one.
 */
export async function shareReset(targets: readonly Resettable[], request: ResetRequest, start: () => Promise<ResetReport>): Promise<ResetReport> {
  for (;;) {
    const others = new Set(targets.map((target) => running.get(target)).filter((other) => other !== undefined));
    const covering = [...others].find((other) => covers(other.request, request) && targets.every((target) => other.targets.has(target)));
    if (covering !== undefined) return covering.report;
    if (others.size === 0) break;
    await Promise.allSettled(Array.from(others, (other) => other.report));
  }
  const mine: RunningReset = { targets: new Set(targets), request, report: start() };
  for (const target of targets) running.set(target, mine);
  try {
    return await mine.report;
  } finally {
    for (const target of targets) running.delete(target);
  }
}

/** Whether the first does all that the second asks for. */
export function covers(given: ResetRequest, asked: ResetRequest): boolean {
  return (given.level === 'deep' || asked.level === 'basic') && (given.models || !asked.models) && (given.queue || !asked.queue) && (given.refuseNewWork || !asked.refuseNewWork);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { createLatencies } from './latencies.ts';

/** Something that happens at times that nothing answers to. */
export interface Arrivals {
  readonly perSecond: number;
  /** Must not throw. `at` is the time for which it was meant, by `performance.now()`. */
  readonly act: (at: number) => void;
}

/**
 * Acts at the times of independent callers (exponential gaps), whether earlier calls were answered or not: a slow server is
 * not asked less, and what waits counts from the time that it was meant for. Resolves at the end with how late
 * this process itself was, as counts of `Latencies`.
 */
export async function actOpenLoop(streams: readonly Arrivals[], startAt: number, endAt: number): Promise<readonly number[]> {
  const lateness = createLatencies();
  const due = streams.map(({ perSecond, act }) => ({ act, gapMs: 1_000 / perSecond, next: startAt + gap(1_000 / perSecond) }));
  for (let now = performance.now(); now < endAt; now = performance.now()) {
    for (const stream of due) {
      for (; stream.next <= now; stream.next += gap(stream.gapMs)) {
        lateness.add(performance.now() - stream.next);
        stream.act(stream.next);
      }
    }
    await sleep(1);
  }
  return lateness.counts();
}

function gap(meanMs: number): number {
  return -Math.log(1 - Math.random()) * meanMs;
}

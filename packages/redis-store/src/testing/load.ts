import { setTimeout as sleep } from 'node:timers/promises';
import type { JobStore } from '@media-jobs/core';
import { MediaJobError, systemClock } from '@media-jobs/foundation';
import { expect } from 'vitest';
import { keys, sampleClaim, sampleSuccess, submitSample } from './sample-jobs.ts';

/** Calls again while the store is away, as core does, and tells how long it took. */
export async function patiently<Result>(ask: () => Promise<Result>, patienceMs = 10_000): Promise<{ readonly result: Result; readonly tookMs: number }> {
  const start = systemClock.monotonic();
  for (;;) {
    try {
      return { result: await ask(), tookMs: systemClock.monotonic() - start };
    } catch (error) {
      if (MediaJobError.from(error).code !== 'STORE_UNAVAILABLE' || systemClock.monotonic() - start > patienceMs) throw error;
    }
    await sleep(20);
  }
}

/** What a load has been told by the store. */
interface Acknowledged {
  readonly submitted: string[];
  readonly completed: string[];
  readonly codes: Set<string>;
}

/** Works until told to stop, and notes the ids whose submit and whose commit were acknowledged. */
async function load(store: JobStore, name: string, { submitted, completed, codes }: Acknowledged, stop: AbortSignal): Promise<void> {
  for (let number = 0; !stop.aborted; number += 1) {
    try {
      submitted.push(await submitSample(store, `${name}-${number}`));
      const [claimed] = await store.claim(sampleClaim({ owner: name }));
      if (claimed === undefined) continue;
      if ((await store.commit(claimed.key, sampleSuccess(claimed))).committed) completed.push(claimed.key.id);
    } catch (error) {
      codes.add(MediaJobError.from(error).code);
      await sleep(5);
    }
  }
}

/**
 * Runs a load of four loops, does this to it in the middle, and checks by another handle that nothing that was
 * acknowledged is lost. The load must have done something before, and go on after it.
 */
export async function underLoad(store: JobStore, afterwards: JobStore, disturb: () => Promise<unknown>): Promise<Set<string>> {
  const stop = new AbortController();
  const told: Acknowledged = { submitted: [], completed: [], codes: new Set() };
  const untilCompleted = (count: number): Promise<void> => expect.poll(() => told.completed.length, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(count);
  const loops = keys(4, 'loop').map((name) => load(store, name, told, stop.signal));
  try {
    await untilCompleted(20);
    await disturb();
    await untilCompleted(told.completed.length + 20);
  } finally {
    stop.abort();
    await Promise.all(loops);
  }
  expect(new Set(told.completed).size, 'Each job is committed once').toBe(told.completed.length);
  for (const id of told.completed) expect((await patiently(() => afterwards.get(id))).result?.state).toBe('completed');
  for (const id of told.submitted) expect((await patiently(() => afterwards.get(id))).result).not.toBeNull();
  return told.codes;
}

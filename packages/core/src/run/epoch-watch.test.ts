import { createMemoryStore, createProcessQueue, mediaJobsDefaults, type JobQueue, type JobStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type FakeClock } from '@media-jobs/core/testing';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { override } from '../conformance/broken/override.ts';
import { leftFolders, openBench, passing, sharedLine } from './testing/bench.ts';

const { heartbeatMs, pollIntervalMs } = mediaJobsDefaults;

let clock: FakeClock;
beforeEach(() => void (clock = createFakeClock()));
afterAll(async () => expect(await leftFolders()).toEqual([]));

/** A store that is asked for its epoch `looks` times, which hints at resets when it is told to. */
function lookedAt(hints: boolean): { readonly store: JobStore; readonly looks: () => number; readonly hint: () => void; readonly listeners: Set<() => void> } {
  const store = createMemoryStore({ clock });
  const listeners = new Set<() => void>();
  let looks = 0;
  const own: Partial<JobStore> = {
    epoch: () => ((looks += 1), store.epoch()),
    ...(hints ? { watchEpoch: (listener) => (listeners.add(listener), { [Symbol.dispose]: () => void listeners.delete(listener) }) } : {}),
  };
  return { looks: () => looks, listeners, hint: () => listeners.forEach((listener) => listener()), store: override(store, own) };
}

/** A worker of a shared line with a job that runs. */
async function openBusy(store: JobStore, queue: JobQueue) {
  const operation = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]] });
  const bench = await openBench({ operations: [operation], clock, store, queue });
  await bench.jobs.submit('slow', {});
  await operation.started(1);
  return bench;
}

test('where the store hints at resets, a worker asks for the epoch with its beats only', async () => {
  const { store, looks, listeners } = lookedAt(true);
  await using bench = await openBusy(store, sharedLine());
  const before = looks();
  await clock.advance(heartbeatMs - 1);
  expect(looks() - before).toBe(0);
  await clock.advance(1);
  expect(looks() - before).toBe(1);
  await passing(clock, bench.jobs.close());
  expect(listeners.size).toBe(0);
});

test('a hint has work of an older epoch stopped at once, without a beat', async () => {
  const { store, hint } = lookedAt(true);
  await using bench = await openBusy(store, sharedLine());
  await store.reset();
  hint();
  await expect.poll(async () => (await bench.jobs.stats()).runner?.running).toBe(0);
});

test('a hint that is lost costs the time until the next beat', async () => {
  const { store } = lookedAt(true);
  await using bench = await openBusy(store, sharedLine());
  await store.reset();
  await clock.advance(heartbeatMs);
  await expect.poll(async () => (await bench.jobs.stats()).runner?.running).toBe(0);
});

test.each([['does not hint', false, sharedLine], ['hints, to workers that take their work from it', true, createProcessQueue]])('a worker of a store that %s asks for the epoch once in each interval', async (_title, hints, line) => {
  const { store, looks, listeners } = lookedAt(hints);
  await using _bench = await openBusy(store, line());
  expect(listeners.size).toBe(0);
  const before = looks();
  for (let turn = 0; turn < 5; turn += 1) await clock.advance(pollIntervalMs);
  expect(looks() - before).toBeGreaterThanOrEqual(5);
});

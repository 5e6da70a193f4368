import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createObservedStore } from './redis-store.ts';
import { deleteExpired, fillWithLiveJobs, manyNoOps, noOp, passWithNothingDue, usedMemory } from './testing/many-jobs.ts';
import { patiently } from './testing/load.ts';
import { startRedis, type TestRedis } from './testing/redis-server.ts';

let server: TestRedis;
let admin: Redis;
beforeEach(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});
afterEach(async () => {
  admin.disconnect();
  await server[Symbol.asyncDispose]();
});

test('a pass over a million live records in which nothing is due is at most six trips', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: server.url, prefix: 'million' }, (name) => trips.push(name));
  await noOp(store, await store.epoch(), 'real');
  await fillWithLiveJobs(admin, 'million', 1_000_000);
  // Redis is busy with the filling for seconds at a time, in which the store may find it away.
  await patiently(() => passWithNothingDue(store, trips), 60_000);
  expect((await passWithNothingDue(store, trips)).length).toBeLessThanOrEqual(6);
  expect((await store.stats()).byState).toMatchObject({ completed: 1_000_001 });
});

test('memory returns to where it was when 100,000 jobs have ended and their time to live is over', async () => {
  let offsetMs = 0;
  await using store = createObservedStore({ url: server.url, prefix: 'gone', clockOffsetMs: () => offsetMs });
  const epoch = await store.epoch();
  const round = async (name: string, count: number): Promise<void> => {
    await manyNoOps(store, epoch, count, name);
    offsetMs += 3_600_001;
    expect(await deleteExpired(store)).toBe(count);
  };
  // The first round fills what stays by design: the short stream of events, the counters, the scripts.
  await round('first', 5_000);
  const before = await usedMemory(admin);
  await round('second', 100_000);
  // One byte for each job that was: a key, an index entry or a counter that is left behind takes fifty.
  // Redis shrinks its tables, and gives the buffers of its clients back, little by little.
  await expect.poll(async () => (await usedMemory(admin)) - before, { timeout: 60_000, interval: 500 }).toBeLessThan(100_000);
  expect(await admin.dbsize()).toBeLessThan(20);
});

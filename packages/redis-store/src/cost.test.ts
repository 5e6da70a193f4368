import { expect, test } from 'vitest';
import { createObservedStore } from './redis-store.ts';
import { deleteExpired, fillWithLiveJobs, manyNoOps, noOp, passWithNothingDue, usedMemory } from './testing/many-jobs.ts';
import { suiteRedis } from './testing/suite-redis.ts';
import { keys, sampleClaim, sampleRequest, sampleSuccess } from './testing/sample-jobs.ts';

const redis = suiteRedis();

test('a job is three trips, a known one and a cached one are one each, and what is in line is claimed in one', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: redis.server.url, prefix: 'trips' }, (name) => trips.push(name));
  const epoch = await store.epoch();
  await noOp(store, epoch, 'first');
  const count = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    trips.length = 0;
    await work();
    return [...trips];
  };
  await store.submit(sampleRequest(epoch, 'waits'));
  await store.claim(sampleClaim());
  await store.get(sampleRequest(epoch, 'waits').id); // All scripts are loaded now.
  expect(await count(() => noOp(store, epoch, 'second'))).toEqual(['submit 1', 'work 2', 'work 2']);
  expect(await count(() => store.submit(sampleRequest(epoch, 'second', { options: { number: 1 } })))).toEqual(['submit 1']);
  expect(await count(() => store.get(sampleRequest(epoch, 'second').id))).toHaveLength(1);
  expect(await count(() => store.claim(sampleClaim({ limit: 10 })))).toEqual(['work 2']);
});

test('a commit that claims the next job is one trip for both, so that each further job is two', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: redis.server.url, prefix: 'next' }, (name) => trips.push(name));
  const epoch = await store.epoch();
  await noOp(store, epoch, 'first');
  const outcomes = await Promise.all(keys(5).map((key) => store.submit(sampleRequest(epoch, key))));
  const pointers = outcomes.map((outcome) => (outcome.kind === 'created' ? { id: outcome.record.id, sequence: outcome.record.sequence, epoch } : null)).filter((pointer) => pointer !== null);
  expect(pointers).toHaveLength(5);
  let [claimed] = await store.claim(sampleClaim({ pointers: pointers.slice(0, 1) }));
  trips.length = 0;
  for (const pointer of pointers.slice(1)) {
    const { committed, next } = await store.commit(claimed!.key, sampleSuccess(claimed!), sampleClaim({ pointers: [pointer] }));
    expect(committed).toBe(true);
    [claimed] = next;
  }
  expect(trips).toEqual(Array.from({ length: 4 }, () => 'work 2'));
});

test('calls of one turn share their scripts: fifty submits are one, and so are fifty commits', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: redis.server.url, prefix: 'turn' }, (name) => trips.push(name));
  const epoch = await store.epoch();
  await noOp(store, epoch, 'first');
  trips.length = 0;
  await Promise.all(keys(50).map((key) => store.submit(sampleRequest(epoch, key))));
  const claimed = await store.claim(sampleClaim({ limit: 50 }));
  const replies = await Promise.all(claimed.map((one) => store.commit(one.key, sampleSuccess(one))));
  expect(replies.filter(({ committed }) => committed)).toHaveLength(50);
  expect(trips).toEqual(['submit 1', 'work 2', 'work 2']);
});

test('a finished job that did nothing takes at most 750 bytes, all keys and indexes counted', async () => {
  await using store = createObservedStore({ url: redis.server.url, prefix: 'media-jobs' });
  const epoch = await store.epoch();
  for (const name of keys(1_100, 'warm')) await noOp(store, epoch, name);
  const before = await usedMemory(redis.admin);
  const names = Array.from({ length: 8 }, (_, lane) => keys(500, `lane-${lane}`));
  await Promise.all(names.map(async (lane) => { for (const name of lane) await noOp(store, epoch, name); }));
  expect((await usedMemory(redis.admin) - before) / 4_000).toBeLessThanOrEqual(750);
}, 120_000);

test('the heartbeat of 1,000 jobs is ten scripts at once, each far below the lease', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: redis.server.url, prefix: 'beats' }, (name) => trips.push(name));
  const epoch = await store.epoch();
  await Promise.all(keys(1_000).map((key) => store.submit(sampleRequest(epoch, key))));
  const claimed = await store.claim(sampleClaim({ limit: 1_000 }));
  expect(claimed).toHaveLength(1_000);
  trips.length = 0;
  const replies = await store.heartbeat(claimed.map(({ key }) => ({ ...key, progress: { ratio: 0.5, phase: 'listening' } })), 30_000);
  expect(new Set(replies)).toEqual(new Set(['ok']));
  expect(trips.filter((name) => name === 'heartbeat 2')).toHaveLength(10);
});

test('a pass over 100,000 live records in which nothing is due is at most six trips', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: redis.server.url, prefix: 'many' }, (name) => trips.push(name));
  await noOp(store, await store.epoch(), 'real');
  await fillWithLiveJobs(redis.admin, 'many', 100_000);
  await passWithNothingDue(store, trips);
  expect((await passWithNothingDue(store, trips)).length).toBeLessThanOrEqual(6);
}, 120_000);

test('memory returns to where it was when 5,000 jobs have ended and their time to live is over', async () => {
  let offsetMs = 0;
  await using store = createObservedStore({ url: redis.server.url, prefix: 'gone', clockOffsetMs: () => offsetMs });
  const epoch = await store.epoch();
  const round = async (name: string): Promise<void> => {
    await manyNoOps(store, epoch, 5_000, name);
    offsetMs += 3_600_001;
    expect(await deleteExpired(store)).toBe(5_000);
  };
  await round('first');
  const before = await usedMemory(redis.admin);
  await round('second');
  // What one small key for each job would take is ten times this. Redis gives the buffers of its clients back after a while.
  await expect.poll(async () => (await usedMemory(redis.admin)) - before, { timeout: 20_000, interval: 500 }).toBeLessThan(5_000 * 8);
  expect((await redis.admin.keys('{gone}*')).filter((key) => key.length > '{gone}:'.length + 5 + 20)).toEqual([]);
  expect((await store.stats()).byOperation).toEqual({});
}, 120_000);

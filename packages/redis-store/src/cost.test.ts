import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClaimedJob, JobStore } from '@media-jobs/core';
import { createObservedStore } from './redis-store.ts';
import { storeKeys } from './keys.ts';
import { startRedis, type TestRedis } from './testing/redis-server.ts';
import { keys, sampleClaim, sampleRequest } from './testing/sample-jobs.ts';

let server: TestRedis;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server[Symbol.asyncDispose]();
});

const noUsage = { wallMs: 1, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } as const;

/** As long as the names of real processes are. */
const longOwner = `o1-${'5'.repeat(16)}-${'a'.repeat(32)}-4026531836-12345-12345678`;

/** A job that does nothing, from submit to commit. */
async function noOp(store: JobStore, epoch: string, name: string): Promise<ClaimedJob> {
  const outcome = await store.submit(sampleRequest(epoch, name, { options: { number: 1 } }));
  if (outcome.kind === 'refused') throw new Error(outcome.reason);
  const { id, sequence } = outcome.record;
  const [claimed] = await store.claim(sampleClaim({ owner: longOwner, pointers: [{ id, sequence, epoch }] }));
  if (claimed === undefined) throw new Error('not claimed');
  await store.commit(claimed.key, { kind: 'completed', output: {}, artifacts: [], outputFolder: `jobs/${epoch}/${id}/${claimed.key.token}`, usage: noUsage });
  return claimed;
}

async function usedMemory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
}

test('a job is three trips, a known one and a cached one are one each, and what is in line is claimed in one', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: server.url, prefix: 'trips' }, (name) => trips.push(name));
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
  expect(await count(() => noOp(store, epoch, 'second'))).toEqual(['swap 1', 'claim-pointers 1', 'swap 1']);
  expect(await count(() => store.submit(sampleRequest(epoch, 'second', { options: { number: 1 } })))).toEqual(['swap 1']);
  expect(await count(() => store.get(sampleRequest(epoch, 'second').id))).toHaveLength(1);
  expect(await count(() => store.claim(sampleClaim({ limit: 10 })))).toEqual(['claim-line 1']);
});

test('a finished job that did nothing takes at most 750 bytes, all keys and indexes counted', async () => {
  await using store = createObservedStore({ url: server.url, prefix: 'media-jobs' });
  const epoch = await store.epoch();
  for (const name of keys(1_100, 'warm')) await noOp(store, epoch, name);
  const before = await usedMemory();
  const names = Array.from({ length: 8 }, (_, lane) => keys(500, `lane-${lane}`));
  await Promise.all(names.map(async (lane) => { for (const name of lane) await noOp(store, epoch, name); }));
  expect((await usedMemory() - before) / 4_000).toBeLessThanOrEqual(750);
});

test('the heartbeat of 1,000 jobs is ten scripts at once, each far below the lease', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: server.url, prefix: 'beats' }, (name) => trips.push(name));
  const epoch = await store.epoch();
  await Promise.all(keys(1_000).map((key) => store.submit(sampleRequest(epoch, key))));
  const claimed = await store.claim(sampleClaim({ limit: 1_000 }));
  expect(claimed).toHaveLength(1_000);
  trips.length = 0;
  const replies = await store.heartbeat(claimed.map(({ key }) => ({ ...key, progress: { ratio: 0.5, phase: 'listening' } })), 30_000);
  expect(new Set(replies)).toEqual(new Set(['ok']));
  expect(trips.filter((name) => name === 'heartbeat 1')).toHaveLength(10);
});

test('a pass over 200,000 live records in which nothing is due is at most six trips', async () => {
  const trips: string[] = [];
  await using store = createObservedStore({ url: server.url, prefix: 'many' }, (name) => trips.push(name));
  const epoch = await store.epoch();
  await noOp(store, epoch, 'real');
  const [era = ''] = ((await admin.get(storeKeys('many').epoch)) ?? '').split(' ');
  const { all, expiry, lease, record } = storeKeys('many').ofEra(era);
  await admin.eval(
    `for i = 1, 200000 do
      local id = string.format('%026d', i)
      redis.call('ZADD', KEYS[1], i, id)
      redis.call('ZADD', i % 2 == 0 and KEYS[2] or KEYS[3], ARGV[1] + i, id)
      redis.call('HSET', ARGV[2] .. id, 'v', '1', 'st', i % 2 == 0 and 'c' or 'r', 'r', '1')
    end`, 3, all, expiry, lease, String(Date.now() + 3_600_000), record(''),
  );
  const pass = async (): Promise<readonly string[]> => {
    trips.length = 0;
    expect(await store.due('lease', { limit: 200 })).toEqual([]);
    expect(await store.due('retry', { limit: 200 })).toEqual([]);
    expect(await store.takeExpired(200)).toEqual([]);
    expect(await store.collect(1_000)).toEqual({ removed: 0, left: 0 });
    return [...trips];
  };
  await pass();
  expect((await pass()).length).toBeLessThanOrEqual(6);
}, 60_000);

test('memory returns to where it was when jobs have ended and their time to live is over', async () => {
  let offsetMs = 0;
  await using store = createObservedStore({ url: server.url, prefix: 'gone', clockOffsetMs: () => offsetMs });
  const epoch = await store.epoch();
  const round = async (name: string): Promise<number> => {
    for (const key of keys(1_500, name)) await noOp(store, epoch, key);
    offsetMs += 3_600_001;
    for (let taken = await store.takeExpired(500); taken.length > 0; taken = await store.takeExpired(500)) {
      expect((await Promise.all(taken.map(({ id, takeToken }) => store.purge(id, takeToken)))).every(Boolean)).toBe(true);
    }
    return usedMemory();
  };
  const before = await round('first');
  expect((await round('second')) - before).toBeLessThan(1_500 * 40);
  expect((await admin.keys('{gone}*')).filter((key) => key.length > '{gone}:'.length + 5 + 20)).toEqual([]);
  expect((await store.stats()).byOperation).toEqual({});
});

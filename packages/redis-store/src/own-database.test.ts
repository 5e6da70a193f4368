import type { JobStore } from '@media-jobs/core';
import { newEpoch } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { storeKeys } from './keys.ts';
import { forgetScript } from './scripts/epoch.ts';
import { flushScript } from './scripts/flush.ts';
import { startRedis, type TestRedis } from './testing/redis-server.ts';
import { sampleRequest as job } from './testing/sample-jobs.ts';

let server: TestRedis;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});
beforeEach(() => admin.flushdb());
afterAll(async () => {
  admin.disconnect();
  await server[Symbol.asyncDispose]();
});

const submit = async (store: JobStore, name: string) => store.submit(job(await store.epoch(), name));

/** Everything in the database but values that are drawn anew each time. */
async function snapshot(): Promise<readonly string[]> {
  const keys = (await admin.keys('*')).sort();
  return Promise.all(keys.map(async (key) => `${key} ${await admin.type(key)} ${key.endsWith('settings') ? await admin.get(key) : ''}`));
}

async function collectAll(store: JobStore): Promise<{ readonly removed: number; readonly flushed: boolean }> {
  const sum = { removed: 0, flushed: false };
  for (;;) {
    const { removed, left, flushed = false } = await store.collect(3);
    expect(removed).toBeLessThanOrEqual(3);
    sum.removed += removed;
    sum.flushed ||= flushed;
    if (left === 0) return sum;
  }
}

/** A store with jobs in several states, one of them set aside because it is unreadable, and settings. */
async function fill(store: JobStore, prefix = 'media-jobs'): Promise<void> {
  await store.shareSettings({ ttlMs: 1_000, cleanupIntervalMs: 100 });
  for (let index = 0; index < 7; index += 1) await submit(store, `job ${index}`);
  await store.claim({ owner: 'a', leaseMs: 60_000, operations: ['transcribe'], limit: 2 });
  const outcome = await submit(store, 'unreadable');
  if (outcome.kind === 'refused') throw new Error('refused');
  const key = (await admin.keys(`{${prefix}}:*${outcome.record.id.slice(3)}`))[0] ?? '';
  await admin.del(key);
  await admin.set(key, 'no record');
  expect(await store.get(outcome.record.id)).toBeNull();
}

test('removing the keys of the prefix and emptying the database come to the same in a database of its own', async () => {
  const after: (readonly string[])[] = [];
  for (const ownsDatabase of [false, true]) {
    await admin.flushdb();
    await using store = createRedisStore({ url: server.url, ownsDatabase });
    await fill(store);
    const before = await store.epoch();
    const epoch = await store.reset();
    expect(epoch > before).toBe(true);
    expect(await collectAll(store)).toEqual({ removed: 7, flushed: ownsDatabase });
    expect(await store.collect(0)).toMatchObject({ removed: 0, left: 0 });
    after.push(await snapshot());
    expect(await submit(store, 'job 1')).toMatchObject({ kind: 'created', record: { epoch, generation: 1 } });
    expect(await store.shareSettings({ ttlMs: 1, cleanupIntervalMs: 1 })).toEqual({ ttlMs: 1_000, cleanupIntervalMs: 100 });
  }
  expect(after[1]).toEqual(after[0]);
  expect(after[0]?.map((line) => line.split(' ')[0])).toEqual(['{media-jobs}:cancels', '{media-jobs}:epoch', '{media-jobs}:eras', '{media-jobs}:settings']);
});

test("a neighbour's keys in the same database stay, byte by byte, also when their names resemble ours", async () => {
  await using neighbour = createRedisStore({ url: server.url, prefix: 'media-jobs2' });
  await using store = createRedisStore({ url: server.url });
  await fill(neighbour, 'media-jobs2');
  const era = (await admin.get('{media-jobs}:epoch'))?.split(' ')[0] ?? (await store.epoch(), (await admin.get('{media-jobs}:epoch'))?.split(' ')[0]);
  for (const key of ['plain', `media-jobs:${era}`, `x{media-jobs}:${era}all`, `{media-jobs2}:${era}:all2`, '{other}:epoch']) await admin.set(key, key);
  const theirs = async (): Promise<readonly unknown[]> => Promise.all((await admin.keys('*')).filter((key) => !key.startsWith('{media-jobs}:')).sort().map(async (key) => [key, await admin.dumpBuffer(key)]));
  const before = await theirs();
  await fill(store);
  await store.reset();
  await collectAll(store);
  expect(await theirs()).toEqual(before);
  expect((await admin.keys('{media-jobs}:*')).sort()).toEqual(['{media-jobs}:cancels', '{media-jobs}:epoch', '{media-jobs}:eras', '{media-jobs}:settings']);
  expect(await neighbour.stats()).toMatchObject({ byState: { queued: 5, running: 2 } });
});

test('the act that empties a database of its own leaves the new epoch in it: no moment is without one', async () => {
  await using store = createRedisStore({ url: server.url, ownsDatabase: true });
  await fill(store);
  const { base, epoch, eras, settings, cancels } = storeKeys('media-jobs');
  const before = (await admin.get(epoch)) ?? '';
  // Only the script, as a process runs it that is killed right after.
  const reply = await admin.eval(flushScript.source, 4, epoch, eras, settings, cancels, before, 'zzzzz later', 'zzzzz', base);
  expect(reply).toEqual(['zzzzz later', '7']);
  expect([await admin.get(epoch), await admin.smembers(eras), (await admin.keys('*')).length]).toEqual(['zzzzz later', ['zzzzz'], 4]);
  expect(await store.epoch()).toBe('later');
  // Who comes late with what stood before replaces nothing.
  expect(await admin.eval(flushScript.source, 4, epoch, eras, settings, cancels, before, 'aaaaa other', 'aaaaa', base)).toEqual(['zzzzz later', '0']);
});

test('what is collected by the name of an era is of that era, whatever is called like it', async () => {
  await using store = createRedisStore({ url: server.url });
  await fill(store);
  const [era = ''] = ((await admin.get('{media-jobs}:epoch')) ?? '').split(' ');
  await store.reset();
  const operation = `like-${era}`;
  await store.submit(job(await store.epoch(), 'new', { operation }));
  expect((await collectAll(store)).removed).toBe(7);
  expect(await store.claim({ owner: 'a', leaseMs: 60_000, operations: [operation], limit: 1 })).toHaveLength(1);
});

test('what removes the jobs of an older era removes none of the present one, whoever asks for it (guard 9)', async () => {
  await using store = createRedisStore({ url: server.url });
  await fill(store);
  const { epoch, eras, ofEra } = storeKeys('media-jobs');
  const value = (await admin.get(epoch)) ?? '';
  const [era = ''] = value.split(' ');
  const before = await snapshot();
  expect(await admin.eval(forgetScript.source, 3, epoch, eras, ofEra(era).all, value, 0, era, era, ofEra(era).record(''), 100)).toEqual(['OK', '0']);
  expect(await snapshot()).toEqual(before);
});

test('resets at once leave one epoch, the latest, and nothing of the others', async () => {
  await using one = createRedisStore({ url: server.url, ownsDatabase: true });
  await using two = createRedisStore({ url: server.url, ownsDatabase: true });
  await fill(one);
  const epochs = await Promise.all([one.reset(), two.reset(), one.reset(), two.reset()]);
  expect(new Set(epochs).size).toBe(4);
  expect(await two.epoch()).toBe(epochs.toSorted().at(-1));
  expect((await collectAll(one)).removed + (await collectAll(two)).removed).toBe(7);
});

test.each([false, true])('after FLUSHDB and SCRIPT FLUSH by somebody else the epoch is a later one, old claims commit nothing, and new work runs (own database: %s)', async (ownsDatabase) => {
  await using store = createRedisStore({ url: server.url, ownsDatabase });
  await submit(store, 'talk');
  const before = await store.epoch();
  const [claimed] = await store.claim({ owner: 'a', leaseMs: 60_000, operations: ['transcribe'], limit: 1 });
  await admin.flushdb();
  await admin.script('FLUSH');
  expect(await store.commit(claimed!.key, { kind: 'cancelled', usage: { wallMs: 1, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } })).toMatchObject({ committed: false });
  expect((await store.epoch()) > before).toBe(true);
  expect(await store.submit(job(before, 'talk'))).toMatchObject({ kind: 'refused', reason: 'epoch-passed' });
  expect(await submit(store, 'talk')).toMatchObject({ kind: 'created' });
  await store.reset();
  await admin.script('FLUSH');
  expect(await submit(store, 'talk')).toMatchObject({ kind: 'created' });
  expect(await store.claim({ owner: 'a', leaseMs: 60_000, operations: ['transcribe'], limit: 1 })).toHaveLength(1);
  expect(newEpoch(0, before) > before).toBe(true);
});

test('a cluster has one database for all: to own it is refused', async () => {
  const { Cluster } = await import('ioredis');
  const { redisClusterOptions } = await import('@media-jobs/redis-store');
  const client = new Cluster([{ port: 1 }], redisClusterOptions);
  expect(() => createRedisStore({ client, ownsDatabase: true })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  expect(() => createRedisStore({ url: server.url, ownsDatabase: 'yes' as unknown as boolean })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  client.disconnect();
});

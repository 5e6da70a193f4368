import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisStore } from '@media-jobs/redis-store';
import { storeKeys } from './keys.ts';
import { keys, sampleClaim, sampleSuccess, submitSample } from './testing/sample-jobs.ts';
import { startRedis, type TestRedis } from './testing/redis-server.ts';

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

/** What may happen to a record as Redis keeps it: a hash of small fields, which the conformance cases never touch. */
const spoil: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
  'of a state that there is not': (key) => admin.hset(key, 'st', 'z'),
  'without its operation': (key) => admin.hdel(key, 'op'),
  'with a time that is no number': (key) => admin.hset(key, 'c', 'yesterday'),
  'with a dispatch number that is none': (key) => admin.hset(key, 'n', '-5'),
  'with a digest of another length': (key) => admin.hset(key, 'd', 'abc'),
  'with options that are no JSON': (key) => admin.hset(key, 'B', '{"o":'),
  'whose options should stand beside it and do not': (key) => admin.hset(key, 'B', '>'),
  'with a folder that leads out': (key) => admin.hset(key, 'fi', '../../etc'),
  'of a later release': (key) => admin.hset(key, 'v', '99'),
  'without a version': (key) => admin.hdel(key, 'v'),
  'that is a list': async (key) => [await admin.del(key), await admin.rpush(key, 'a')],
  'that is a set': async (key) => [await admin.del(key), await admin.sadd(key, 'a')],
};

test.each(Object.entries(spoil))('a record %s is set aside by whoever meets it, counted once, and stops nobody', async (name, change) => {
  const prefix = `spoilt-${Object.keys(spoil).indexOf(name)}`;
  await using writer = createRedisStore({ url: server.url, prefix });
  // Another handle: the one that wrote it need not be told what it wrote.
  await using store = createRedisStore({ url: server.url, prefix });
  const id = await submitSample(writer, 'spoilt', { priority: 9, options: { key: 'spoilt', language: 'en' } });
  const healthy = await submitSample(writer, 'healthy');
  const [era = ''] = ((await admin.get(storeKeys(prefix).epoch)) ?? '').split(' ');
  const record = storeKeys(prefix).ofEra(era).record(id);
  // Whoever changes a field by hand leaves the revision as it was; a handle may then go on with what it wrote.
  await change(record);
  const claimed = await store.claim(sampleClaim({ limit: 2 }));
  expect(claimed.map(({ key }) => key.id)).toEqual([healthy]);
  expect((await store.commit(claimed[0]!.key, sampleSuccess(claimed[0]!))).committed).toBe(true);
  expect(await store.get(id)).toBeNull();
  expect((await store.stats()).corrupt).toBe(1);
  expect(await admin.keys(`{${prefix}}:aside:*`)).toHaveLength(1);
  expect(await submitSample(store, 'spoilt')).toBe(id);
  expect((await store.claim(sampleClaim({ limit: 5 }))).map(({ key }) => key.id)).toEqual([id]);
});

test('texts with every sign, half of a surrogate pair among them, come through a batch', async () => {
  await using store = createRedisStore({ url: server.url, prefix: 'signs' });
  const signs = ['\u0000', '"\\', '\u2028', '😀', 'ä'.repeat(40), 'half \ud83d of it'];
  for (const [index, text] of signs.entries()) {
    const id = await submitSample(store, keys(signs.length)[index] ?? '', { correlationId: text });
    await using other = createRedisStore({ url: server.url, prefix: 'signs' });
    expect((await other.get(id))?.correlationId).toBe(text.toWellFormed());
  }
});

import { expect, test } from 'vitest';
import { createRedisStore } from '@media-jobs/redis-store';
import { storeKeys } from './keys.ts';
import { keys, sampleClaim, sampleSuccess, submitSample } from './testing/sample-jobs.ts';
import { suiteRedis } from './testing/suite-redis.ts';

const redis = suiteRedis();

/** What may happen to a record as Redis keeps it: a hash of small fields, which the conformance cases never touch. */
const spoil: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
  'of a state that there is not': (key) => redis.admin.hset(key, 'st', 'z'),
  'without its operation': (key) => redis.admin.hdel(key, 'op'),
  'with a time that is no number': (key) => redis.admin.hset(key, 'c', 'yesterday'),
  'with a dispatch number that is none': (key) => redis.admin.hset(key, 'n', '-5'),
  'with a digest of another length': (key) => redis.admin.hset(key, 'd', 'abc'),
  'with options that are no JSON': (key) => redis.admin.hset(key, 'B', '{"o":'),
  'whose options should stand beside it and do not': (key) => redis.admin.hset(key, 'B', '>'),
  'with a folder that leads out': (key) => redis.admin.hset(key, 'fi', '../../etc'),
  'of a later release': (key) => redis.admin.hset(key, 'v', '99'),
  'without a version': (key) => redis.admin.hdel(key, 'v'),
  'that is a list': async (key) => [await redis.admin.del(key), await redis.admin.rpush(key, 'a')],
  'that is a set': async (key) => [await redis.admin.del(key), await redis.admin.sadd(key, 'a')],
};

test.each(Object.entries(spoil))('a record %s is set aside by whoever meets it, counted once, and stops nobody', async (name, change) => {
  const prefix = `spoilt-${Object.keys(spoil).indexOf(name)}`;
  await using writer = createRedisStore({ url: redis.server.url, prefix });
  // Another handle: the one that wrote it need not be told what it wrote.
  await using store = createRedisStore({ url: redis.server.url, prefix });
  const id = await submitSample(writer, 'spoilt', { priority: 9, options: { key: 'spoilt', language: 'en' } });
  const healthy = await submitSample(writer, 'healthy');
  const [era = ''] = ((await redis.admin.get(storeKeys(prefix).epoch)) ?? '').split(' ');
  const record = storeKeys(prefix).ofEra(era).record(id);
  // Whoever changes a field by hand leaves the revision as it was; a handle may then go on with what it wrote.
  await change(record);
  const claimed = await store.claim(sampleClaim({ limit: 2 }));
  expect(claimed.map(({ key }) => key.id)).toEqual([healthy]);
  expect((await store.commit(claimed[0]!.key, sampleSuccess(claimed[0]!))).committed).toBe(true);
  expect(await store.get(id)).toBeNull();
  expect((await store.stats()).corrupt).toBe(1);
  expect(await redis.admin.keys(`{${prefix}}:aside:*`)).toHaveLength(1);
  expect(await submitSample(store, 'spoilt')).toBe(id);
  expect((await store.claim(sampleClaim({ limit: 5 }))).map(({ key }) => key.id)).toEqual([id]);
});

test('texts with every sign, half of a surrogate pair among them, come through a batch', async () => {
  await using store = createRedisStore({ url: redis.server.url, prefix: 'signs' });
  const signs = ['\u0000', '"\\', '\u2028', '😀', 'ä'.repeat(40), 'half \ud83d of it'];
  for (const [index, text] of signs.entries()) {
    const id = await submitSample(store, keys(signs.length)[index] ?? '', { correlationId: text });
    await using other = createRedisStore({ url: redis.server.url, prefix: 'signs' });
    expect((await other.get(id))?.correlationId).toBe(text.toWellFormed());
  }
});

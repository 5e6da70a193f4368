import type { JobStore } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { createRedisStore } from '@media-jobs/redis-store';
import { longOwner, noOp, usedMemory } from './testing/many-jobs.ts';
import { suiteRedis } from './testing/suite-redis.ts';
import { keys, sampleClaim, sampleRequest, sampleSuccess } from './testing/sample-jobs.ts';

// The factors of docs/scaling.md that no clock is needed for.

const redis = suiteRedis();

/** Commands that Redis ran for this, those in scripts included. */
async function commandsOf(act: () => Promise<unknown>): Promise<number> {
  await redis.admin.config('RESETSTAT');
  await act();
  const calls = [...(await redis.admin.info('commandstats')).matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].filter(([, name]) => name !== 'config|resetstat' && name !== 'info');
  return calls.reduce((sum, [, , count]) => sum + Number(count), 0);
}

const beat = (store: JobStore, claims: Awaited<ReturnType<JobStore['claim']>>, ratio: number): Promise<unknown> => store.heartbeat(claims.map(({ key }) => ({ ...key, progress: { ratio, phase: 'listening' } })), 30_000);

test('each act of a job and of a worker costs so many commands at most, whoever submitted it', async () => {
  await using submitter = createRedisStore({ url: redis.server.url });
  await using worker = createRedisStore({ url: redis.server.url });
  const epoch = await submitter.epoch();
  for (const store of [submitter, worker]) for (const name of keys(3, store === worker ? 'worker' : 'submitter')) await noOp(store, epoch, name);
  const outcome = await submitter.submit(sampleRequest(epoch, 'pointed'));
  const pointers = outcome.kind === 'created' ? [{ id: outcome.record.id, sequence: outcome.record.sequence, epoch }] : [];
  const [first] = await worker.claim(sampleClaim({ pointers }));
  await beat(worker, [first!], 0.1);
  await worker.due('lease', { limit: 200 }); // All scripts are loaded now.
  let claimed: Awaited<ReturnType<JobStore['claim']>> = [];
  expect(await commandsOf(() => submitter.submit(sampleRequest(epoch, 'counted')))).toBeLessThanOrEqual(13);
  expect(await commandsOf(async () => (claimed = await worker.claim(sampleClaim())))).toBeLessThanOrEqual(17);
  expect(await commandsOf(() => beat(worker, claimed, 0.5))).toBeLessThanOrEqual(7);
  expect(await commandsOf(() => worker.commit(claimed[0]!.key, sampleSuccess(claimed[0]!)))).toBeLessThanOrEqual(18);
  expect(await commandsOf(() => worker.epoch())).toBe(1);
  expect(await commandsOf(() => worker.due('lease', { limit: 200 }))).toBeLessThanOrEqual(4);
});

test('a hundred that beat in one script cost four commands each, and three for the script', async () => {
  await using store = createRedisStore({ url: redis.server.url, prefix: 'hundred' });
  const epoch = await store.epoch();
  await Promise.all(keys(100).map((key) => store.submit(sampleRequest(epoch, key))));
  const claimed = await store.claim(sampleClaim({ limit: 100 }));
  await beat(store, claimed, 0.1);
  expect(await commandsOf(() => beat(store, claimed, 0.5))).toBeLessThanOrEqual(403);
});

test('a running job takes at most 950 bytes, all keys and indexes counted', async () => {
  await using store = createRedisStore({ url: redis.server.url });
  const epoch = await store.epoch();
  for (const name of keys(1_100, 'warm')) await noOp(store, epoch, name);
  const before = await usedMemory(redis.admin);
  await Promise.all(keys(2_000, 'run').map((key) => store.submit(sampleRequest(epoch, key, { options: { number: 1 } }))));
  expect(await store.claim(sampleClaim({ owner: longOwner, limit: 2_000 }))).toHaveLength(2_000);
  expect((await usedMemory(redis.admin) - before) / 2_000).toBeLessThanOrEqual(950);
});

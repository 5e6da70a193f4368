import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreChange } from '@media-jobs/core';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { createRedisStore, redisClientOptions } from '@media-jobs/redis-store';
import { suiteRedis } from './testing/suite-redis.ts';
import { sampleClaim, sampleSuccess, submitSample } from './testing/sample-jobs.ts';

const redis = suiteRedis();

test('a watcher of cancels is told of running jobs that are to be cancelled, and of nothing that others do', async () => {
  await using store = createRedisStore({ url: redis.server.url });
  await using other = createRedisStore({ url: redis.server.url });
  await store.epoch(); // It is connected, and hears of whatever comes after the call of `watch`.
  const told: StoreChange[] = [];
  using _watcher = store.watch((change) => void told.push(change), 'cancels');
  const cancelled: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    await submitSample(other, `done-${name}`);
    const [done] = await other.claim(sampleClaim());
    await other.heartbeat([{ ...done!.key, progress: { ratio: 0.5, phase: 'listening' } }], 10_000);
    await other.commit(done!.key, sampleSuccess(done!));
    await other.requestCancel(await submitSample(other, `waits-${name}`));
    cancelled.push(await submitSample(other, `runs-${name}`));
    await other.claim(sampleClaim());
    expect(await other.requestCancel(cancelled.at(-1)!)).toBe('requested');
  }
  await expect.poll(() => told.length).toBeGreaterThanOrEqual(3);
  expect(told).toEqual(cancelled.map((id) => ({ id, generation: 1, state: 'running', progress: 0, phase: 'starting', cancelRequested: true })));
});

test('of the streams that watchers follow a reset leaves one entry, which says that it took place', async () => {
  await using store = createRedisStore({ url: redis.server.url, prefix: 'streams' });
  await submitSample(store, 'talk');
  const [claimed] = await store.claim(sampleClaim());
  await store.requestCancel(claimed!.key.id);
  const lengths = (): Promise<readonly number[]> => Promise.all(['{streams}:events', '{streams}:cancels'].map((key) => redis.admin.xlen(key)));
  expect(await lengths()).toEqual([3, 2]);
  await store.reset();
  expect(await lengths()).toEqual([0, 1]);
  expect((await redis.admin.xrange('{streams}:cancels', '-', '+')).map(([, fields]) => fields)).toEqual([['e', 'epoch']]);
});

test('a watcher waits on one connection for longer than a command of the client may take', async () => {
  const client = new Redis(redis.server.url, { ...redisClientOptions, commandTimeout: 300, socketTimeout: 300 });
  {
    await using store = createRedisStore({ client, prefix: 'patient' });
    await store.epoch();
    using _watcher = store.watch(() => undefined, 'cancels');
    const waiting = async (): Promise<readonly string[]> => [...String(await redis.admin.client('LIST')).matchAll(/^id=(\d+).* cmd=xread /gm)].map(([, id]) => id ?? '');
    await expect.poll(waiting).toHaveLength(1);
    const before = await waiting();
    await sleep(1_000);
    expect(await waiting()).toEqual(before);
  }
  client.disconnect();
});

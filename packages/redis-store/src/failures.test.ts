import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';
import { createRedisStore } from '@media-jobs/redis-store';
import { createObservedStore } from './redis-store.ts';
import { startBlackHoleProxy } from './testing/black-hole-proxy.ts';
import { patiently, underLoad } from './testing/load.ts';
import { freePort, startRedis } from './testing/redis-server.ts';
import { suiteRedis } from './testing/suite-redis.ts';
import { keys, sampleClaim, sampleRequest, sampleSuccess, submitSample } from './testing/sample-jobs.ts';

const redis = suiteRedis();

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'nothing', (error: unknown) => MediaJobError.from(error).code);
}

async function onServer(prefix: string, disturb: () => Promise<unknown>): Promise<Set<string>> {
  await using store = createRedisStore({ url: redis.server.url, prefix });
  await using afterwards = createRedisStore({ url: redis.server.url, prefix });
  return await underLoad(store, afterwards, disturb);
}

describe('a store whose Redis is disturbed', () => {
  test('connecting is tried as often as asked at the start, then the store is unavailable; the next call tries again', async () => {
    const port = await freePort();
    await using store = createRedisStore({ url: `redis://127.0.0.1:${port}`, connectAttempts: 3 });
    const error = await store.ping().catch((thrown: unknown) => MediaJobError.from(thrown));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', facts: { connectAttempts: 3 } });
    expect((error as MediaJobError).message).toContain('ECONNREFUSED');
    await using late = await startRedis(undefined, port);
    await store.ping();
    expect(late.pid()).toBeGreaterThan(0);
  });

  test('a start in which Redis comes up late is waited for', async () => {
    const port = await freePort();
    await using store = createRedisStore({ url: `redis://127.0.0.1:${port}` });
    const epoch = store.epoch();
    await sleep(200);
    await using _late = await startRedis(undefined, port);
    expect(await epoch).toMatch(/^[0-9a-z]{26}$/);
  });

  test('a restart with appendfsync always loses nothing; calls fail at once meanwhile, and it recovers within 5 s', async () => {
    await using durable = await startRedis(['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']);
    await using store = createRedisStore({ url: durable.url });
    const ids = await Promise.all(keys(20).map((key) => submitSample(store, key)));
    const [claimed] = await store.claim(sampleClaim());
    await durable.stop();
    await patiently(async () => { if ((await codeOf(store.ping())) !== 'STORE_UNAVAILABLE') throw new MediaJobError('STORE_UNAVAILABLE', { message: 'not yet' }); });
    const start = systemClock.monotonic();
    expect(await codeOf(store.commit(claimed!.key, sampleSuccess(claimed!)))).toBe('STORE_UNAVAILABLE');
    expect(systemClock.monotonic() - start, 'At once, not after the 5 s that a command may take').toBeLessThan(2_000);
    await durable.start();
    const { result, tookMs } = await patiently(() => store.commit(claimed!.key, sampleSuccess(claimed!)));
    expect(tookMs).toBeLessThan(5_000);
    expect(result.committed).toBe(true);
    for (const id of ids) expect(await store.get(id)).not.toBeNull();
  });

  test('connections that are killed in the middle of load cost errors, and nothing that was acknowledged', async () => {
    const codes = await onServer('killed', async () => {
      for (let round = 0; round < 3; round += 1) {
        await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await sleep(150);
      }
    });
    expect([...codes]).toEqual(['STORE_UNAVAILABLE']);
  });

  test('scripts that are flushed in the middle of load are loaded again, unnoticed', async () => {
    expect([...(await onServer('flushed', async () => {
      for (let round = 0; round < 10; round += 1) await redis.admin.call('SCRIPT', 'FLUSH', 'SYNC');
    }))]).toEqual([]);
  });

  test('a pause of Redis is waited out', async () => {
    expect([...(await onServer('paused', () => redis.admin.client('PAUSE', 700, 'ALL')))]).toEqual([]);
  });

  test('a connection that swallows a call fails it in bounded time, and is made anew', async () => {
    await using proxy = await startBlackHoleProxy(redis.server.port);
    await using store = createRedisStore({ url: `redis://127.0.0.1:${proxy.port}`, prefix: 'hole', connectTimeoutMs: 300 });
    await store.ping();
    proxy.swallow(true);
    expect(await codeOf(store.ping())).toBe('STORE_UNAVAILABLE');
    await sleep(500);
    proxy.swallow(false);
    const { tookMs } = await patiently(() => store.ping());
    expect(tookMs).toBeLessThan(5_000);
  });

  test('an idle connection is asked for a sign of life, and made anew when it gives none', async () => {
    await using proxy = await startBlackHoleProxy(redis.server.port);
    await using store = createRedisStore({ url: `redis://127.0.0.1:${proxy.port}`, prefix: 'idle', connectTimeoutMs: 300, pingIntervalMs: 50 });
    await store.ping();
    const before = proxy.connections();
    proxy.swallow(true);
    await expect.poll(() => proxy.connections(), { timeout: 5_000 }).toBeGreaterThan(before);
    proxy.swallow(false);
    await patiently(() => store.ping());
  });

  test('a flushed database gets a new epoch that sorts later, and claims of before are lost', async () => {
    await using other = await startRedis();
    await using store = createRedisStore({ url: other.url });
    const before = await store.epoch();
    await submitSample(store, 'talk');
    const [claimed] = await store.claim(sampleClaim());
    const flusher = new Redis(other.url);
    await flusher.flushdb();
    flusher.disconnect();
    expect(await store.heartbeat([claimed!.key], 1_000)).toEqual(['lost']);
    expect((await store.commit(claimed!.key, sampleSuccess(claimed!))).committed).toBe(false);
    expect(await store.epoch() > before).toBe(true);
    expect(await store.submit(sampleRequest(before, 'talk'))).toEqual({ kind: 'refused', reason: 'epoch-passed' });
  });

  test('closing ends at once while Redis is away, also while it is waited for', async () => {
    const port = await freePort();
    const store = createRedisStore({ url: `redis://127.0.0.1:${port}` });
    const waiting = codeOf(store.ping());
    const start = systemClock.monotonic();
    await store[Symbol.asyncDispose]();
    expect(await waiting).toBe('CLOSED');
    expect(systemClock.monotonic() - start).toBeLessThan(1_000);
  });
});

describe('many processes', () => {
  test('fifty connections that submit one identity at once make one job', async () => {
    const stores = keys(50).map(() => createRedisStore({ url: redis.server.url, prefix: 'fifty' }));
    const epoch = await stores[0]!.epoch();
    await Promise.all(stores.map((store) => store.ping()));
    const outcomes = await Promise.all(stores.map((store) => store.submit(sampleRequest(epoch, 'talk'))));
    expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'existing')).toHaveLength(49);
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  });

  test.each([3_600_000, -3_600_000])('a process whose clock is wrong by %d ms expires, retries and takes away nothing early or late', async (offsetMs) => {
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
    let serverMs = 0;
    const shared = { url: redis.server.url, prefix: `skew${offsetMs}`, clockOffsetMs: () => serverMs };
    await using right = createRedisStore(shared);
    await using wrong = createRedisStore({ ...shared, clock });
    await submitSample(right, 'done', { policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 60_000 } });
    const [done] = await wrong.claim(sampleClaim({ leaseMs: 600_000 }));
    const reply = await wrong.commit(done!.key, sampleSuccess(done!));
    await submitSample(right, 'runs');
    await right.claim(sampleClaim({ leaseMs: 600_000 }));
    expect(await wrong.due('lease', { limit: 10 })).toEqual([]);
    expect(Math.abs((reply.record?.endedAt ?? 0) - Date.now())).toBeLessThan(30_000);
    expect(await wrong.takeExpired(10)).toEqual([]);
    expect((await wrong.get(done!.key.id))?.state).toBe('completed');
    serverMs = 60_001;
    expect((await wrong.get(done!.key.id))?.state).toBe('expiring');
    expect(await wrong.takeExpired(10)).toHaveLength(1);
  });
});

test('the check names settings that lose jobs, and says when Redis does not answer', async () => {
  await using store = createRedisStore({ url: redis.server.url });
  const report = await store.check(new AbortController().signal);
  expect(report).toMatchObject({ ok: true, detail: expect.stringMatching(/^Redis \d/) as string });
  expect(report.advice).toMatch(/replica.*appendonly.*appendfsync/);
  await using replica = await startRedis(['--save', '', '--appendonly', 'no', '--replicaof', `127.0.0.1 ${redis.server.port}`]);
  await using reader = createRedisStore({ url: replica.url });
  expect((await reader.check(new AbortController().signal)).advice).toContain('Give the address of the master');
  await redis.admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect((await store.check(new AbortController().signal)).advice).toContain('noeviction');
  await redis.admin.config('SET', 'maxmemory-policy', 'noeviction');
  await using away = createObservedStore({ url: `redis://127.0.0.1:${await freePort()}`, connectAttempts: 1 });
  expect((await away.check(new AbortController().signal)).ok).toBe(false);
});

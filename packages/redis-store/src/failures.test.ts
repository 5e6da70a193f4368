import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobStore } from '@media-jobs/core';
import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';
import { createRedisStore } from '@media-jobs/redis-store';
import { createObservedStore } from './redis-store.ts';
import { startBlackHoleProxy } from './testing/black-hole-proxy.ts';
import { countClients, freePort, startRedis, type TestRedis } from './testing/redis-server.ts';
import { keys, sampleClaim, sampleRequest, sampleSuccess, submitSample } from './testing/sample-jobs.ts';

let server: TestRedis;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});
afterAll(async () => {
  const clients = await countClients(admin, 1);
  admin.disconnect();
  await server[Symbol.asyncDispose]();
  expect(clients, 'Every test closes its stores').toBe(1);
});

/** Calls again while the store is away, as core does, and tells how long it took. */
async function patiently<Result>(ask: () => Promise<Result>, patienceMs = 10_000): Promise<{ readonly result: Result; readonly tookMs: number }> {
  const start = systemClock.monotonic();
  for (;;) {
    try {
      return { result: await ask(), tookMs: systemClock.monotonic() - start };
    } catch (error) {
      if (MediaJobError.from(error).code !== 'STORE_UNAVAILABLE' || systemClock.monotonic() - start > patienceMs) throw error;
    }
    await sleep(20);
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'nothing', (error: unknown) => MediaJobError.from(error).code);
}

/** Works until told to stop, and returns the ids whose submit and whose commit were acknowledged. */
async function load(store: JobStore, name: string, stop: AbortSignal): Promise<{ readonly submitted: string[]; readonly completed: string[]; readonly codes: Set<string> }> {
  const [submitted, completed, codes] = [[] as string[], [] as string[], new Set<string>()];
  for (let number = 0; !stop.aborted; number += 1) {
    try {
      submitted.push(await submitSample(store, `${name}-${number}`));
      const [claimed] = await store.claim(sampleClaim({ owner: name }));
      if (claimed === undefined) continue;
      if ((await store.commit(claimed.key, sampleSuccess(claimed))).committed) completed.push(claimed.key.id);
    } catch (error) {
      codes.add(MediaJobError.from(error).code);
      await sleep(5);
    }
  }
  return { submitted, completed, codes };
}

/** Runs a load of four loops, does this to it in the middle, and checks that nothing that was acknowledged is lost. */
async function underLoad(prefix: string, disturb: () => Promise<unknown>): Promise<Set<string>> {
  await using store = createRedisStore({ url: server.url, prefix });
  const stop = new AbortController();
  const loops = keys(4, 'loop').map((name) => load(store, name, stop.signal));
  await sleep(100);
  await disturb();
  await patiently(() => store.ping());
  await sleep(100);
  stop.abort();
  const done = await Promise.all(loops);
  const [submitted, completed] = [done.flatMap((each) => each.submitted), done.flatMap((each) => each.completed)];
  expect(completed.length).toBeGreaterThan(20);
  expect(new Set(completed).size, 'Each job is committed once').toBe(completed.length);
  for (const id of completed) expect((await store.get(id))?.state).toBe('completed');
  for (const id of submitted) expect(await store.get(id)).not.toBeNull();
  return new Set(done.flatMap(({ codes }) => [...codes]));
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
    expect(systemClock.monotonic() - start).toBeLessThan(200);
    await durable.start();
    const { result, tookMs } = await patiently(() => store.commit(claimed!.key, sampleSuccess(claimed!)));
    expect(tookMs).toBeLessThan(5_000);
    expect(result.committed).toBe(true);
    for (const id of ids) expect(await store.get(id)).not.toBeNull();
  });

  test('connections that are killed in the middle of load cost errors, and nothing that was acknowledged', async () => {
    const codes = await underLoad('killed', async () => {
      for (let round = 0; round < 3; round += 1) {
        await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await sleep(150);
      }
    });
    expect([...codes]).toEqual(['STORE_UNAVAILABLE']);
  });

  test('scripts that are flushed in the middle of load are loaded again, unnoticed', async () => {
    expect([...(await underLoad('flushed', async () => {
      for (let round = 0; round < 10; round += 1) await admin.call('SCRIPT', 'FLUSH', 'SYNC');
    }))]).toEqual([]);
  });

  test('a pause of Redis is waited out', async () => {
    expect([...(await underLoad('paused', () => admin.client('PAUSE', 700, 'ALL')))]).toEqual([]);
  });

  test('a connection that swallows a call fails it in bounded time, and is made anew', async () => {
    await using proxy = await startBlackHoleProxy(server.port);
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
    await using proxy = await startBlackHoleProxy(server.port);
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
    const stores = keys(50).map(() => createRedisStore({ url: server.url, prefix: 'fifty' }));
    const epoch = await stores[0]!.epoch();
    await Promise.all(stores.map((store) => store.ping()));
    const outcomes = await Promise.all(stores.map((store) => store.submit(sampleRequest(epoch, 'talk'))));
    expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'existing')).toHaveLength(49);
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  });

  test.each([3_600_000, -3_600_000])('a process whose clock is wrong by %d ms expires, retries and takes away nothing early or late', async (offsetMs) => {
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
    await using right = createRedisStore({ url: server.url, prefix: `skew${offsetMs}` });
    await using wrong = createRedisStore({ url: server.url, prefix: `skew${offsetMs}`, clock });
    await submitSample(right, 'done', { policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 200 } });
    const [done] = await wrong.claim(sampleClaim());
    const reply = await wrong.commit(done!.key, sampleSuccess(done!));
    await submitSample(right, 'runs');
    await right.claim(sampleClaim());
    expect(await wrong.due('lease', { limit: 10 })).toEqual([]);
    expect(Math.abs((reply.record?.endedAt ?? 0) - Date.now())).toBeLessThan(1_000);
    expect(await wrong.takeExpired(10)).toEqual([]);
    await sleep(250);
    expect(await wrong.takeExpired(10)).toHaveLength(1);
  });
});

describe('replicas', () => {
  test('with `minReplicas` a write is acknowledged when a replica has it, survives a failover, and is refused when none is there', async () => {
    await using master = await startRedis(['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']);
    await using replica = await startRedis(['--save', '', '--appendonly', 'no', '--replicaof', `127.0.0.1 ${master.port}`]);
    const second = new Redis(replica.url);
    await expect.poll(() => second.info('replication'), { timeout: 10_000 }).toContain('master_link_status:up');
    await using store = createRedisStore({ url: master.url, minReplicas: 1, waitReplicasMs: 300 });
    await patiently(() => store.epoch());
    const ids = await Promise.all(keys(20).map((key) => submitSample(store, key)));
    await master.stop();
    await second.replicaof('NO', 'ONE');
    await using after = createRedisStore({ url: replica.url, minReplicas: 0 });
    for (const id of ids) expect(await after.get(id)).not.toBeNull();
    second.disconnect();
    await using lonely = createRedisStore({ url: replica.url, minReplicas: 1, waitReplicasMs: 50 });
    expect(await codeOf(submitSample(lonely, 'unsafe'))).toBe('STORE_UNAVAILABLE');
  });
});

test('the check names settings that lose jobs, and says when Redis does not answer', async () => {
  await using store = createRedisStore({ url: server.url });
  const report = await store.check(new AbortController().signal);
  expect(report).toMatchObject({ ok: true, detail: expect.stringMatching(/^Redis \d/) as string });
  expect(report.advice).toMatch(/appendonly.*appendfsync/);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect((await store.check(new AbortController().signal)).advice).toContain('noeviction');
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  await using away = createObservedStore({ url: `redis://127.0.0.1:${await freePort()}`, connectAttempts: 1 });
  expect((await away.check(new AbortController().signal)).ok).toBe(false);
});

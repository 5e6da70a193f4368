import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore, type JobStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type FakeClock } from '@media-jobs/core/testing';
import { createRedisStore } from '@media-jobs/redis-store';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';

const hour = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-ttl-'));
let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  expect(readdirSync(folder).flatMap((name) => readdirSync(join(folder, name, 'jobs'), { recursive: true, encoding: 'utf8' }))).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** Each with its time in the hands of the test: the clock's, or, for a server, an offset to its own. */
const stores: Readonly<Record<string, (name: string, clock: FakeClock, startedAt: number) => JobStore>> = {
  memory: (_, clock) => createMemoryStore({ clock }),
  SQLite: (name, clock) => createSqliteStore({ file: join(folder, name, 'jobs.db'), clock }),
  Redis: (name, clock, startedAt) => createRedisStore({ url: redis.url, prefix: name, clockOffsetMs: () => clock.now() - startedAt }),
};

describe.each(Object.keys(stores))('on %s', (kind) => {
  test.each([0.5, 1, 30])('one setting of %d hours is the time to live of record, job, files and shared settings', async (ttlHours) => {
    const name = `${kind}-${ttlHours}`;
    const clock = createFakeClock();
    const store = stores[kind]?.(name, clock, clock.now());
    if (store === undefined) throw new Error(`no store ${kind}`);
    const operation = scriptedOperation({ name: 'write', script: [[{ do: 'write', name: 'out.txt', content: 'kept' }]] });
    await using jobs = await createMediaJobs({ operations: [operation], store, workFolder: join(folder, name), ttlHours, cleanupIntervalMinutes: 20, clock });
    const job = await jobs.submit('write', {});
    await job.result();
    const ended = await job.record();
    expect(ended.policy.ttlMs).toBe(ttlHours * hour);
    expect((ended.expiresAt ?? 0) - (ended.endedAt ?? 0)).toBe(ttlHours * hour);
    expect(await store.shareSettings({ ttlMs: 1, cleanupIntervalMs: 1 })).toEqual({ ttlMs: ttlHours * hour, cleanupIntervalMs: 20 * 60_000 });
    const file = (await job.files())['out.txt']?.path ?? '';

    // A second before its time it is still answered from the cache, which does not lengthen its life.
    clock.jump(ttlHours * hour - 1_000);
    expect((await jobs.submit('write', {})).cached).toBe(true);
    await jobs.sweep();
    expect(existsSync(file)).toBe(true);

    clock.jump(2_000);
    expect((await jobs.sweep()).expired).toMatchObject({ jobs: 1, files: 1, bytes: 4 });
    expect([existsSync(file), await store.get(job.id), await jobs.get(job.id)]).toEqual([false, null, null]);
  });
});

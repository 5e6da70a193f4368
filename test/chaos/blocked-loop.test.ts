import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMediaJobs, createMemoryStore, defineOperation, type JobRecord } from '@media-jobs/core';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { leftOfChaos } from './chaos-bench.ts';
import { storesUnderTest, type StoreUnderTest } from './stores-under-test.ts';
import type { BlockedWorkerOptions } from './worker/blocked-worker.ts';
import { openStore } from './worker/open-store.ts';

vi.setConfig({ testTimeout: 120_000 });
afterAll(async () => expect(await leftOfChaos()).toEqual([]));

const program = fileURLToPath(new URL('./worker/blocked-worker.ts', import.meta.url));

/** Runs a job that blocks its process, while this one looks for lapsed leases; returns the record at the job's end, or when it has lost its claim. */
async function runBlocked(under: StoreUnderTest, options: Omit<BlockedWorkerOptions, 'spec' | 'workFolder'>): Promise<JobRecord | null> {
  const folder = await mkdtemp(join(tmpdir(), 'media-jobs-blocked-'));
  await using prepared = await under.prepare(folder);
  const workFolder = join(folder, 'work');
  const worker = fork(program, [JSON.stringify({ spec: prepared.spec, workFolder, ...options } satisfies BlockedWorkerOptions)], { execArgv: ['--conditions=@media-jobs/source'] });
  const ended = once(worker, 'exit');
  await Promise.race([once(worker, 'message'), ended]);
  await using store = await openStore(prepared.spec);
  while (worker.exitCode === null && worker.signalCode === null) {
    if ((await store.due('lease', { limit: 10 })).length > 0) worker.kill('SIGKILL');
    await setTimeout(100);
  }
  await ended;
  const [record = null] = (await store.list({}, { limit: 1 })).jobs;
  await rm(folder, { recursive: true });
  return record;
}

describe.each(storesUnderTest)('on $name, an event loop that is blocked for three leases', (under) => {
  const times = { heartbeatMs: 1_000, leaseMs: 3_000, blockMs: 9_000 };

  test.concurrent('keeps its claim where a thread beats for it', async () => {
    expect(await runBlocked(under, { ...times, heartbeatThread: true })).toMatchObject({ state: 'completed', losses: 0, attempts: 1 });
  });

  test.concurrent('loses it without one', async () => {
    expect((await runBlocked(under, { ...times, heartbeatThread: false }))?.losses).toBeGreaterThan(0);
  });

  test.concurrent('loses it after ten leases, since it may never come back', async () => {
    expect((await runBlocked(under, { heartbeatMs: 100, leaseMs: 300, blockMs: 6_000, heartbeatThread: true }))?.losses).toBeGreaterThan(0);
  });
});

test('a store that another thread cannot open is refused', async () => {
  const operation = defineOperation({ name: 'none', version: 1, input: z.object({}), output: z.object({}), limits: { softTimeoutMs: 1_000, hardTimeoutMs: 2_000 }, run: () => Promise.resolve({}) });
  const opening = createMediaJobs({ operations: [operation], store: createMemoryStore(), workFolder: join(tmpdir(), 'never-made'), heartbeatThread: true });
  await expect(opening).rejects.toMatchObject({ code: 'INVALID_OPTION', facts: { option: 'heartbeatThread' } });
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMediaJobs, createMemoryStore, type MediaJobs, type Operation } from '@media-jobs/core';
import { scriptedOperation } from '@media-jobs/core/testing';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBullmqQueue, type BullmqQueue } from './bullmq-queue.ts';
import { createSchedule } from './schedule.ts';
import { adminOf } from './testing/queue-harness.ts';
import { countClients, startRedis, type TestRedis } from '../../redis-store/src/testing/redis-server.ts';

let server: TestRedis;
let admin: Redis;
let folder: string;
let count = 0;

beforeAll(async () => {
  server = await startRedis();
  admin = adminOf(server).client;
  folder = mkdtempSync(join(tmpdir(), 'media-jobs-bullmq-'));
});

afterAll(async () => {
  const clients = await countClients(admin, 1);
  admin.disconnect();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  expect(clients, 'No client of a queue is left').toBe(1);
});

interface Opened<Operations extends readonly Operation[]> extends AsyncDisposable {
  readonly jobs: MediaJobs<Operations>;
  readonly queue: BullmqQueue;
  readonly prefix: string;
}

/** Media jobs in this process over a memory store, whose work goes through Redis. */
async function open<const Operations extends readonly Operation[]>(operations: Operations, options: { readonly lockMs?: number; readonly keepEnded?: number; readonly ttlHours?: number } = {}): Promise<Opened<Operations>> {
  const { ttlHours = 24, ...queueOptions } = options;
  const prefix = `jobs-${(count += 1)}`;
  const queue = createBullmqQueue({ connection: server.url, prefix, ...queueOptions });
  const jobs = await createMediaJobs({ operations, store: createMemoryStore(), queue, workFolder: join(folder, prefix), ttlHours, diskReserveBytes: 0, random: () => 0 });
  return { jobs, queue, prefix, [Symbol.asyncDispose]: () => jobs.close({ deadlineMs: 0 }) };
}

test('an entry carries the pointer and nothing else, whatever the job carries', async () => {
  const gate = Promise.withResolvers<void>();
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'wait', for: gate.promise }]] });
  await using opened = await open([slow]);
  const job = await opened.jobs.submit('slow', { secret: 'x'.repeat(10_000) });
  await slow.started(1);
  const keys = await admin.keys(`{${opened.prefix}:queue*`);
  const texts = await Promise.all(keys.map(async (key) => ((await admin.type(key)) === 'hash' ? JSON.stringify(await admin.hgetall(key)) : '')));
  expect(texts.join()).not.toContain('xxx');
  const [queue] = await opened.queue.queues();
  const [entry] = (await queue?.getJobs(['active'])) ?? [];
  expect(entry?.data).toEqual({ id: job.id, sequence: (await job.record()).sequence, epoch: (await job.record()).epoch });
  expect(entry?.opts).toMatchObject({ attempts: 1 });
  gate.resolve();
  await job.result();
});

test('retries are the store\'s: each is an entry of its own, and BullMQ counts one attempt each', async () => {
  const flaky = scriptedOperation({ name: 'flaky', script: [[{ do: 'fail', code: 'STALLED' }], [{ do: 'fail', code: 'STALLED' }], [{ do: 'succeed', output: 'third' }]], limits: { retryBaseMs: 10 } });
  await using opened = await open([flaky], { keepEnded: 10 });
  const job = await opened.jobs.submit('flaky', {});
  expect(await job.result()).toBe('third');
  expect(await job.record()).toMatchObject({ attempts: 3 });
  const [queue] = await opened.queue.queues();
  await expect.poll(() => queue?.getJobCounts('completed', 'failed')).toEqual({ completed: 3, failed: 0 });
});

test('a job that is cancelled in line never runs, and one that is cancelled at work is stopped', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]], limits: { concurrency: 1 } });
  await using opened = await open([slow]);
  const running = await opened.jobs.submit('slow', { number: 1 });
  await slow.started(1);
  const waiting = await opened.jobs.submit('slow', { number: 2 });
  expect(await opened.jobs.cancel(waiting.id)).toBe('cancelled');
  expect(await opened.jobs.cancel(running.id)).toBe('requested');
  await running.wait();
  await expect.poll(() => opened.queue.depth()).toEqual({ waiting: 0, running: 0 });
  expect(slow.calls).toHaveLength(1);
});

test('an attempt whose lock is lost is stopped and refunded, and the job runs again', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }], [{ do: 'succeed', output: 'second' }]] });
  await using opened = await open([slow], { lockMs: 1_000 });
  const job = await opened.jobs.submit('slow', {});
  const { attempt } = await slow.started(1);
  await admin.del(...(await admin.keys(`{${opened.prefix}:queue:*:lock`)));
  expect(await job.result()).toBe('second');
  expect(attempt.signal.reason).toMatchObject({ code: 'INTERRUPTED' });
  expect(await job.record()).toMatchObject({ attempts: 1, losses: 0 });
});

test('what the queue keeps of ended work goes when the time to live of the jobs is over', async () => {
  const quick = scriptedOperation({ name: 'quick' });
  const ttlMs = 1_000;
  await using opened = await open([quick], { keepEnded: 10, ttlHours: ttlMs / 3_600_000 });
  await (await opened.jobs.submit('quick', {})).result();
  const [queue] = await opened.queue.queues();
  await expect.poll(() => queue?.getJobCounts('completed')).toEqual({ completed: 1 });
  await opened.jobs.sweep();
  expect(await queue?.getJobCounts('completed'), 'Its time is not over').toEqual({ completed: 1 });
  await expect.poll(async () => (await opened.jobs.sweep(), await queue?.getJobCounts('completed')), { timeout: 5_000 }).toEqual({ completed: 0 });
});

test('a reset leaves nothing in line of what came before it, and pauses nothing', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }], [{ do: 'succeed', output: 'after' }]], limits: { concurrency: 1 } });
  await using opened = await open([slow]);
  await opened.jobs.submit('slow', { number: 1 });
  await slow.started(1);
  for (const number of [2, 3, 4]) await opened.jobs.submit('slow', { number });
  const report = await opened.jobs.reset({ level: 'deep', queue: true });
  expect(report).toMatchObject({ ok: true, queuePurged: true, errors: [] });
  const [queue] = await opened.queue.queues();
  await expect.poll(() => opened.queue.depth()).toEqual({ waiting: 0, running: 0 });
  expect(await queue?.isPaused()).toBe(false);
  expect(await (await opened.jobs.submit('slow', { number: 5 })).result()).toBe('after');
});

test('an entry of somebody else is dropped, and the work goes on', async () => {
  const quick = scriptedOperation({ name: 'quick', script: [[{ do: 'succeed', output: 1 }]] });
  await using opened = await open([quick]);
  await (await opened.jobs.submit('quick', { number: 1 })).result();
  const [queue] = await opened.queue.queues();
  await queue?.add('quick', { strange: true });
  expect(await (await opened.jobs.submit('quick', { number: 2 })).result()).toBe(1);
  await expect.poll(() => opened.queue.depth()).toEqual({ waiting: 0, running: 0 });
});

test('fleet limits hold over all handles', async () => {
  const prefix = `fleet-${(count += 1)}`;
  const make = (): BullmqQueue => createBullmqQueue({ connection: server.url, prefix, fleetLimits: { slow: { concurrency: 1 } } });
  await using first = make();
  await using second = make();
  const gate = Promise.withResolvers<void>();
  const handed: string[] = [];
  const handler = async ({ id }: { readonly id: string }): Promise<void> => {
    handed.push(id);
    await gate.promise;
  };
  for (const queue of [first, second]) await queue.consume(handler, { slow: 5 });
  for (const id of ['a', 'b', 'c']) await first.dispatch({ pointer: { id, sequence: 1, epoch: 'e' }, operation: 'slow', priority: 0 });
  await expect.poll(() => handed.length).toBe(1);
  expect(await second.depth()).toEqual({ waiting: 2, running: 1 });
  gate.resolve();
  await expect.poll(() => handed.length).toBe(3);
});

test('a schedule has one of two processes submit at each tick, and ends for both when it is removed', async () => {
  const ticks: number[] = [];
  const name = `tick-${(count += 1)}`;
  const schedule = (): ReturnType<typeof createSchedule> => createSchedule({ connection: server.url, name, when: 200, submit: async (tick) => ticks.push(tick.getTime()) });
  await using first = await schedule();
  await using _second = await schedule();
  await expect.poll(() => ticks.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(5);
  await first.remove();
  expect(new Set(ticks).size).toBe(ticks.length);
  // The first may have come before the second process joined, which sets the rhythm anew.
  const settled = ticks.slice(2);
  expect(settled.map((tick) => (tick - (settled[0] ?? 0)) % 200)).toEqual(settled.map(() => 0));
});

test('a process whose Redis dies while it closes ends by itself', async () => {
  await using dying = await startRedis();
  const child = fork(fileURLToPath(new URL('testing/closing-child.ts', import.meta.url)), [dying.url], { execArgv: ['--conditions=@media-jobs/source'] });
  await once(child, 'message');
  process.kill(dying.pid(), 'SIGSTOP');
  child.send('close');
  await once(child, 'message');
  await dying.stop();
  const ended = await Promise.race([once(child, 'exit'), new Promise((resolve) => void setTimeout(() => resolve('it goes on'), 5_000))]);
  child.kill('SIGKILL');
  expect(ended).toEqual([0, null]);
});

test('options that cannot be are refused, each with what is accepted', async () => {
  for (const [options, words] of [
    [{ connection: 'http://localhost' }, 'redis://'], [{ connection: { keyPrefix: 'x' } }, 'keyPrefix'], [{ connection: server.url, prefix: '{x}' }, 'prefix'], [{ connection: server.url, lockMs: 1 }, 'lockMs'],
    [{ connection: server.url, fleetLimits: { a: { concurrency: 0 } } }, 'fleetLimits.a.concurrency'],
  ] as const) expect(() => createBullmqQueue(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(words) as string }) as Error);
  await expect(createSchedule({ connection: server.url, name: 'bad', when: 'every day', submit: async () => undefined })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, defineOperation, type Attempt, type JobStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, leftFolders, openBench, passing, untilState } from './testing/bench.ts';
import { away, withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

/** Writes a file, then ends when its signal aborts, when it is told to, or not at all. */
function writer() {
  const calls: { readonly attempt: Attempt; readonly finish: () => void; readonly folder: string }[] = [];
  const operation = defineOperation({
    name: 'write',
    version: 1,
    input: z.looseObject({}),
    output: z.string(),
    limits: { softTimeoutMs: 3_600_000, hardTimeoutMs: 7_200_000, concurrency: 1 },
    run: async (_input, attempt) => {
      const { folder } = attempt.artifacts;
      await writeFile(join(folder, 'out'), 'x');
      await attempt.artifacts.add('out');
      await new Promise<void>((resolve, reject) => {
        attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason as Error));
        calls.push({ attempt, finish: resolve, folder });
      });
      return `attempt ${attempt.number}`;
    },
  });
  return { operation, calls };
}

/** Another process takes the job over: its lease lapses in the store, and somebody else claims it. */
async function takeOver(store: JobStore, owner: string): Promise<string> {
  await store.due('lease', { limit: 10, deadOwners: [owner] });
  const [claimed] = await store.claim({ owner: 'o1-somebody', leaseMs: 3_600_000, operations: ['write'], limit: 1 });
  return claimed?.key.token ?? '';
}

test('a healthy job keeps its claim for as long as it runs, however long that is', async () => {
  const { operation, calls } = writer();
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('write', {});
  await untilState(job, 'running');
  await eventually(() => calls.length === 1);
  for (let minute = 0; minute < 30; minute += 1) {
    await bench.clock.advance(60_000);
    expect(await bench.store.due('lease', { limit: 10 })).toEqual([]);
  }
  calls[0]?.finish();
  expect(await job.result()).toBe('attempt 1');
  expect(await job.record()).toMatchObject({ losses: 0, attempts: 1 });
});

test('a worker that lost its claim is aborted by the next beat, commits nothing and leaves nothing (guard 1)', async () => {
  const { operation, calls } = writer();
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  const { claim } = await job.record();
  const token = await takeOver(bench.store, claim?.owner ?? '');
  await bench.clock.advance(10_000);
  expect(calls[0]?.attempt.signal.reason).toMatchObject({ code: 'CLAIM_LOST' });
  await eventually(async () => (await bench.jobFolders()).length === 0);
  expect(await job.record()).toMatchObject({ state: 'running', losses: 1, claim: { token, owner: 'o1-somebody' } });
  await eventually(() => bench.logs.lines.some(({ message }) => message.includes('claim was lost')));
});

test('work that finishes before it hears that its claim is lost cannot commit, and its output is discarded', async () => {
  const { operation, calls } = writer();
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  const token = await takeOver(bench.store, (await job.record()).claim?.owner ?? '');
  calls[0]?.finish();
  await eventually(() => !existsSync(calls[0]?.folder ?? ''));
  expect(await job.record()).toMatchObject({ state: 'running', claim: { token } });
});

test('a reset is noticed by the next beat; what was made is discarded and nothing is committed (guard 4)', async () => {
  const { operation, calls } = writer();
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  const waited = job.wait().catch((error: unknown) => error);
  await bench.store.reset();
  await passing(bench.clock, eventually(() => calls[0]?.attempt.signal.aborted === true));
  await passing(bench.clock, eventually(async () => (await bench.jobFolders()).length === 0));
  expect(await passing(bench.clock, waited)).toMatchObject({ code: 'EPOCH_PASSED' });
  expect(await bench.store.get(job.id)).toBeNull();
});

test('a cancel reaches a running job, ends it as cancelled and leaves nothing', async () => {
  const { operation, calls } = writer();
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  expect(await job.cancel()).toBe('requested');
  expect(calls[0]?.attempt.signal.reason).toMatchObject({ code: 'CANCELLED' });
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
  expect([await bench.jobFolders(), await bench.tempNames()]).toEqual([[], []]);
  expect(await job.cancel()).toBe('ended');
});

test('a cancel by another process arrives with the next beat', async () => {
  const { operation, calls } = writer();
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  await bench.store.requestCancel(job.id);
  await bench.clock.advance(10_000);
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('where several processes share a store, a cancel by another arrives with the hint of it, long before the beat', async () => {
  const { operation, calls } = writer();
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const shared = new Proxy(store, { get: (target, name) => (name === 'capabilities' ? { multiProcess: true, durable: false } : (Reflect.get(target, name) as unknown)) });
  await using bench = await openBench({ operations: [operation], clock, store: shared });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  await clock.advance(2_000);
  await store.requestCancel(job.id);
  await clock.advance(500);
  expect(calls[0]?.attempt.signal.reason).toMatchObject({ code: 'CANCELLED' });
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('a job that waits is cancelled at once, a retrying one too, and an unknown one is not found', async () => {
  const { operation, calls } = writer();
  const flaky = scriptedOperation({ name: 'flaky', script: [[{ do: 'fail', code: 'STALLED' }]] });
  await using bench = await openBench({ operations: [operation, flaky] });
  await bench.jobs.submit('write', { number: 1 });
  await eventually(() => calls.length === 1);
  const waiting = await bench.jobs.submit('write', { number: 2 });
  const retrying = await bench.jobs.submit('flaky', {});
  await untilState(retrying, 'retrying');
  expect([await waiting.cancel(), await retrying.cancel()]).toEqual(['cancelled', 'cancelled']);
  await expect(waiting.result()).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(bench.jobs.cancel('mj_aaaaaaaaaaaaaaaaaaaaaaaaaa')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  await passing(bench.clock, bench.clock.sleep(5_000));
  expect([calls.length, flaky.calls.length]).toEqual([1, 1]);
});

test('while the store is away the work goes on, and its result is committed when the store is back', async () => {
  const { operation, calls } = writer();
  const state = { away: false };
  const failing = <Given extends readonly unknown[], Result>(real: (...given: Given) => Promise<Result>) => async (...given: Given): Promise<Result> => {
    if (state.away) throw away();
    return real(...given);
  };
  const clock = createFakeClock();
  const store = withFaults(createMemoryStore({ clock }), { heartbeat: failing, commit: failing, get: failing, claim: failing, due: failing });
  await using bench = await openBench({ operations: [operation], clock, store });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  state.away = true;
  await bench.clock.advance(25_000);
  expect(calls[0]?.attempt.signal.aborted).toBe(false);
  calls[0]?.finish();
  await bench.clock.advance(60_000);
  state.away = false;
  expect(await passing(bench.clock, job.result())).toBe('attempt 1');
  expect(calls).toHaveLength(1);
});

test('a commit whose answer was lost on the way is recognised, and the result stays on disk (guard 7)', async () => {
  const { operation, calls } = writer();
  const clock = createFakeClock();
  let lost = 0;
  const store = withFaults(createMemoryStore({ clock }), {
    commit: (real) => async (...given) => {
      const reply = await real(...given);
      if ((lost += 1) === 1) throw away();
      return reply;
    },
  });
  await using bench = await openBench({ operations: [operation], clock, store });
  const job = await bench.jobs.submit('write', {});
  await eventually(() => calls.length === 1);
  calls[0]?.finish();
  await passing(clock, eventually(() => bench.logs.lines.some(({ message }) => message === 'The job is completed')));
  expect(existsSync((await job.files())['out']?.path ?? '')).toBe(true);
});

import { createMemoryStore } from '@media-jobs/core';
import { createFakeClock } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing } from '../run/testing/bench.ts';
import { withFaults } from '../run/testing/with-faults.ts';
import { lastingStore, openLetters, statesOf } from './testing/letter-bench.ts';
import { hang, letterPipeline, letterSteps } from './testing/letter-steps.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

test.each(['fetch', 'upper', 'count'] as const)('a cancel reaches the step %s that runs, and both have ended', async (name) => {
  await using bench = await openLetters({ [name]: hang });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await eventually(() => bench.calls[name] === 1);
  expect(await job.cancel()).toBe('requested');
  expect((await job.wait()).state).toBe('cancelled');
  expect(await statesOf(bench)).toMatchObject({ letters: 'cancelled', [name]: 'cancelled' });
  await eventually(async () => (await bench.tempNames()).length === 0);
});

test('a step that another pipeline waits for outlives the cancel of one, and ends with that of the last', async () => {
  await using bench = await openLetters({ fetch: hang });
  const [first, second] = [await bench.jobs.submit('letters', { text: 'hello' }), await bench.jobs.submit('more-letters', { text: 'hello' })];
  await eventually(async () => (await bench.jobs.list({ states: ['running'] })).jobs.length === 3);
  await eventually(async () => (await second.record()).phase.startsWith('fetch'));
  await first.cancel();
  await first.wait();
  expect(await statesOf(bench)).toMatchObject({ letters: 'cancelled', fetch: 'running', 'more-letters': 'running' });
  await second.cancel();
  await second.wait();
  expect(await statesOf(bench)).toMatchObject({ fetch: 'cancelled', 'more-letters': 'cancelled' });
});

test('a pipeline whose time is over gives up the step that it waits for', async () => {
  const steps = letterSteps({ upper: hang });
  const letters = letterPipeline('letters', steps);
  const short = { ...letters, limits: { ...letters.limits, softTimeoutMs: 20_000, hardTimeoutMs: 40_000 } };
  await using bench = await openBench({ operations: [steps.fetch, steps.upper, steps.count, short] });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await passing(bench.clock, expect(job.result()).rejects.toMatchObject({ code: 'TIMEOUT' }));
  expect(await statesOf(bench)).toEqual({ letters: 'failed', fetch: 'completed', upper: 'cancelled' });
});

test('a pipeline that lost its claim leaves the step to whoever goes on with it', async () => {
  const gate = Promise.withResolvers<void>();
  const steps = letterSteps({ upper: () => gate.promise });
  const clock = createFakeClock();
  let lost: string | undefined;
  const store = withFaults(createMemoryStore({ clock }), {
    heartbeat: (real) => async (beats, leaseMs) => (await real(beats, leaseMs)).map((reply, index) => (beats[index]?.id === lost ? 'lost' : reply)),
  });
  await using bench = await openBench({ operations: [steps.fetch, steps.upper, steps.count, letterPipeline('letters', steps)], store, clock });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await passing(clock, eventually(() => steps.calls['upper'] === 1));
  lost = job.id;
  await passing(clock, eventually(() => bench.logs.lines.some(({ message }) => message.includes('claim was lost'))));
  const [step] = (await bench.jobs.list({ operation: 'upper' })).jobs;
  expect(step).toMatchObject({ state: 'running', cancelRequested: false });
  gate.resolve();
  await passing(clock, eventually(async () => (await bench.jobs.list({ operation: 'upper' })).jobs[0]?.state === 'completed'));
});

test('a job that somebody had submitted for himself is joined, and left to him when the pipeline is cancelled', async () => {
  const gate = Promise.withResolvers<void>();
  await using bench = await openLetters({ fetch: () => gate.promise });
  const own = await bench.jobs.submit('fetch', { text: 'hello' });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await eventually(async () => (await job.record()).phase.startsWith('fetch'));
  await job.cancel();
  await job.wait();
  gate.resolve();
  expect(await own.result()).toEqual({ length: 5 });
  expect(bench.calls['fetch']).toBe(1);
});

test('a deep reset ends a pipeline with its steps, and leaves nothing of either', async () => {
  await using bench = await openLetters({ upper: hang });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await eventually(() => bench.calls['upper'] === 1);
  const ended = expect(job.wait()).rejects.toMatchObject({ code: 'EPOCH_PASSED' });
  expect(await bench.jobs.reset({ level: 'deep' })).toMatchObject({ ok: true, jobsRemoved: 3 });
  await ended;
  expect([(await bench.jobs.list()).jobs, await bench.jobFolders(), await bench.tempNames()]).toEqual([[], [], []]);
});

test('a pipeline that a shutdown stopped is cancelled with the step that is in line again, though nobody works on either', async () => {
  const clock = createFakeClock();
  const lasting = lastingStore(clock);
  const made = letterSteps({ upper: hang });
  const operations = [made.fetch, made.upper, made.count, letterPipeline('letters', made)] as const;
  await using watcher = await openBench({ operations, store: lasting, clock, worker: false });
  const job = await (async () => {
    await using bench = await openBench({ operations, store: lasting, clock, workFolder: watcher.workFolder });
    const begun = await bench.jobs.submit('letters', { text: 'hello' });
    await passing(clock, eventually(() => made.calls['upper'] === 1));
    return begun;
  })();
  const { letters, ...steps } = await statesOf(watcher);
  expect(steps).toEqual({ fetch: 'completed', upper: 'queued' });
  // It was given back, or had noticed the end itself: uncharged in both cases.
  expect(['queued', 'retrying']).toContain(letters);
  expect(await watcher.jobs.cancel(job.id)).toBe('cancelled');
  expect(await statesOf(watcher)).toEqual({ letters: 'cancelled', fetch: 'completed', upper: 'cancelled' });
});

test('who cancels a pipeline that nobody works on does not wait for a step that still runs somewhere', async () => {
  const gate = Promise.withResolvers<void>();
  const steps = letterSteps({ upper: () => gate.promise });
  const operations = [steps.fetch, steps.upper, steps.count, letterPipeline('letters', steps)] as const;
  const clock = createFakeClock();
  const lasting = lastingStore(clock);
  let held = false;
  const store = withFaults(lasting, { claim: (real) => (request) => real({ ...request, operations: request.operations.filter((name) => !held || name !== 'letters') }) });
  await using worker = await openBench({ operations, store, clock });
  await using elsewhere = await openBench({ operations, store: lasting, clock, worker: false, workFolder: worker.workFolder });
  const job = await worker.jobs.submit('letters', { text: 'hello' });
  await passing(clock, eventually(() => steps.calls['upper'] === 1));
  held = true;
  await lasting.release({ id: job.id, token: (await job.record()).claim?.token ?? '' });
  expect(await elsewhere.jobs.cancel(job.id)).toBe('cancelled');
  const step = async () => (await elsewhere.jobs.list({ operation: 'upper' })).jobs[0];
  expect(await step()).toMatchObject({ state: 'running', cancelRequested: true });
  gate.resolve();
  await passing(clock, eventually(async () => (await step())?.state !== 'running'));
});

test('a process that closes does not wait for a pipeline whose step it does not do, and the next one goes on with it, uncharged', async () => {
  const clock = createFakeClock();
  const lasting = lastingStore(clock);
  const gate = Promise.withResolvers<void>();
  const steps = letterSteps({ fetch: () => gate.promise });
  const operations = [steps.fetch, steps.upper, steps.count, letterPipeline('letters', steps)] as const;
  const first = await openBench({ operations, store: lasting, clock });
  const job = await first.jobs.submit('letters', { text: 'hello' });
  await passing(clock, eventually(() => steps.calls['fetch'] === 1));
  // The step that runs here is let end, and the next one is not begun.
  const closed = first.jobs.close({ deadlineMs: 3_600_000 });
  gate.resolve();
  await passing(clock, closed);
  expect(steps.calls).toEqual({ fetch: 1, upper: 0, count: 0 });
  await using second = await openBench({ operations, store: lasting, clock, workFolder: first.workFolder });
  const again = await second.jobs.get(job.id);
  await passing(clock, again?.wait() ?? Promise.reject(new Error('It is gone.')));
  expect(await again?.record()).toMatchObject({ state: 'completed', attempts: 1, refunds: 1 });
  expect(steps.calls).toEqual({ fetch: 1, upper: 1, count: 1 });
  await first[Symbol.asyncDispose]();
});

import { rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createMemoryStore, type AnyMediaJobs, type JobEvent, type JobStore } from '@media-jobs/core';
import { createFakeClock, type FakeClock } from '@media-jobs/core/testing';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing } from '../run/testing/bench.ts';
import { withFaults } from '../run/testing/with-faults.ts';
import { hang, letterPipeline, letterSteps, type Interference } from './testing/letter-steps.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

interface AnyBench {
  readonly store: JobStore;
  readonly jobs: AnyMediaJobs;
}

function openLetters(interference: Interference = {}, between?: (path: string, jobId: string) => void, options: { readonly store?: JobStore } = {}) {
  const steps = letterSteps(interference);
  const operations = [steps.fetch, steps.upper, steps.count, letterPipeline('letters', steps, between), letterPipeline('more-letters', steps)] as const;
  return openBench({ operations, realTime: true, ...options }).then((bench) => ({ ...bench, calls: steps.calls, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }));
}

/** A store that outlives its media jobs, as one on disk does. */
function lastingStore(clock: FakeClock): JobStore {
  const store = createMemoryStore({ clock });
  const own: Partial<Record<string | symbol, unknown>> = { [Symbol.asyncDispose]: () => Promise.resolve(), capabilities: { ...store.capabilities, durable: true } };
  return new Proxy(store, { get: (target, name) => own[name] ?? (Reflect.get(target, name) as unknown) });
}

const statesOf = async ({ store }: AnyBench): Promise<Record<string, string>> => Object.fromEntries((await store.list({}, { limit: 100 })).jobs.map(({ operation, state }) => [operation, state]));

test('each step is a job of its own, made from what came before, and the pipeline returns them all and owns the files of the last', async () => {
  await using bench = await openLetters();
  const job = await bench.jobs.submit('letters', { text: 'hello', mark: '!' }, { correlationId: 'c-1', priority: 3, namespace: 'tenant' });
  const { fetch, upper, count } = await job.result();
  expect([fetch.output, upper.output, count.output]).toEqual([{ length: 5 }, { head: 'H' }, { letters: 6, asWanted: false }]);
  expect(bench.calls).toEqual({ fetch: 1, upper: 1, count: 1 });
  const step = await bench.jobs.get(upper.jobId);
  expect(await step?.record()).toMatchObject({ operation: 'upper', correlationId: 'c-1', priority: 3, namespace: 'tenant', inputs: [{ originalName: 'text.txt' }] });
  const files = await job.files();
  expect(await readFile(files['count.txt']?.path ?? '', 'utf8')).toBe('6');
  expect((await stat(files['count.txt']?.path ?? '')).nlink).toBe(2);
});

test('a file goes from step to step by a second name for it, not by its bytes', async () => {
  const seen: number[][] = [];
  const inode = async (path: string): Promise<number> => (await stat(path)).ino;
  let handed = '';
  await using bench = await openLetters({ upper: async (attempt) => void seen.push([await inode(handed), await inode(`${attempt.checkpointFolder ?? ''}/../input-0`)]) }, (path) => { handed ||= path; });
  await (await bench.jobs.submit('letters', { text: 'hello' })).result();
  expect(seen).toHaveLength(1);
  expect(seen[0]?.[0]).toBe(seen[0]?.[1]);
});

test('the same again is answered from the cache, and another pipeline takes what it shares from there', async () => {
  await using bench = await openLetters();
  await (await bench.jobs.submit('letters', { text: 'hello' })).result();
  expect((await bench.jobs.submit('letters', { text: 'hello' })).cached).toBe(true);
  const other = await (await bench.jobs.submit('more-letters', { text: 'hello', mark: '?' })).result();
  expect([other.fetch.cached, other.upper.cached]).toEqual([true, false]);
  expect(bench.calls).toEqual({ fetch: 1, upper: 2, count: 2 });
});

test('a step that two pipelines want at the same time runs once, for both', async () => {
  const gate = Promise.withResolvers<void>();
  await using bench = await openLetters({ fetch: () => gate.promise });
  const jobs = [await bench.jobs.submit('letters', { text: 'hello' }), await bench.jobs.submit('more-letters', { text: 'hello' })];
  await eventually(async () => (await bench.jobs.list({ states: ['running'] })).jobs.length === 3);
  gate.resolve();
  await Promise.all(jobs.map((job) => job.result()));
  expect(bench.calls).toEqual({ fetch: 1, upper: 1, count: 1 });
});

test('a pipeline fails with the error of its step, by name, without attempts of its own, and the next submit goes on at that step', async () => {
  await using bench = await openLetters({ upper: (_attempt, call) => (call === 1 ? Promise.reject(new MediaJobError('CORRUPT', { message: 'Expected letters, got noise.' })) : undefined) });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await expect(job.result()).rejects.toMatchObject({ code: 'CORRUPT', message: 'Step `upper`: Expected letters, got noise.', facts: { step: 'upper', stepJobId: expect.stringMatching(/^mj_/) } });
  expect((await job.record()).attempts).toBe(1);
  await (await bench.jobs.submit('letters', { text: 'hello' })).result();
  expect(bench.calls).toEqual({ fetch: 1, upper: 2, count: 1 });
});

test('one stream of events tells the honest progress over all steps, each by its name and weight, with what the steps share', async () => {
  await using bench = await openLetters();
  const events: JobEvent[] = [];
  for await (const event of (await bench.jobs.submit('letters', { text: 'hello' })).events()) events.push(event);
  const ratios = events.map(({ progress }) => progress);
  expect(ratios).toEqual([...ratios].sort((left, right) => left - right));
  const seen = new Map(events.map(({ phase, progress }) => [phase, progress]));
  expect(seen.get('completed')).toBe(1);
  // Of four parts the second step has two.
  for (const [phase, at] of [['fetch: completed', 0.25], ['upper: completed', 0.75], ['count: completed', 1]] as const) if (seen.has(phase)) expect(seen.get(phase)).toBe(at);
  expect(events.some(({ phase }) => /^(fetch|upper|count): /.test(phase))).toBe(true);
  expect(events.flatMap(({ parts = [] }) => parts)).toEqual(['H']);
});

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

test('a step that was cancelled from elsewhere is asked for again, and the third time the pipeline ends', async () => {
  await using bench = await openLetters({ fetch: hang });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  for (const call of [1, 2, 3]) {
    await eventually(() => bench.calls['fetch'] === call);
    const [step] = (await bench.jobs.list({ operation: 'fetch' })).jobs;
    await bench.jobs.cancel(step?.id ?? '');
  }
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED', facts: { step: 'fetch' } });
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

test.each([
  ['its file', (_bench: AnyBench, path: string) => rmSync(path)],
  ['its job', (bench: AnyBench, _path: string, id: string) => void bench.jobs.delete(id).catch(() => undefined)],
])('a step of which %s expires before the next one takes it over is done again', async (_what, expire) => {
  let opened: AnyBench | undefined;
  let left = 1;
  await using bench = await openLetters({}, (path, id) => {
    if (opened !== undefined && left-- > 0) expire(opened, path, id);
  });
  opened = bench;
  const { count } = await (await bench.jobs.submit('letters', { text: 'hello' })).result();
  expect(count.output).toEqual({ letters: 5, asWanted: true });
  expect(bench.calls['fetch']).toBeLessThanOrEqual(2);
});

test('a step whose files expire again and again ends the pipeline', async () => {
  await using bench = await openLetters({}, (path) => rmSync(path, { force: true }));
  await expect((await bench.jobs.submit('letters', { text: 'hello' })).result()).rejects.toMatchObject({ code: 'INPUT_MISSING', facts: { step: 'upper' } });
  expect(bench.calls['fetch']).toBe(4);
});

test('a pipeline waits while the line of a step is full', async () => {
  const gate = Promise.withResolvers<void>();
  const steps = letterSteps({ fetch: () => gate.promise });
  const narrow = { ...steps, fetch: { ...steps.fetch, limits: { ...steps.fetch.limits, concurrency: 1, maxWaiting: 1 } } };
  await using bench = await openBench({ operations: [narrow.fetch, narrow.upper, narrow.count, letterPipeline('letters', narrow)] });
  const first = await bench.jobs.submit('fetch', { text: 'a' });
  await passing(bench.clock, eventually(async () => (await first.record()).state === 'running'));
  await bench.jobs.submit('fetch', { text: 'b' });
  const job = await bench.jobs.submit('letters', { text: 'hello' });
  await passing(bench.clock, eventually(async () => (await job.record()).phase === 'fetch: waiting'));
  gate.resolve();
  expect((await passing(bench.clock, job.result())).count.output.letters).toBe(5);
});

test('a pipeline that a shutdown stopped is cancelled with the step that is in line again, though nobody works on either', async () => {
  const clock = createFakeClock();
  const lasting = lastingStore(clock);
  const steps = letterSteps({ upper: hang });
  const operations = [steps.fetch, steps.upper, steps.count, letterPipeline('letters', steps)] as const;
  await using watcher = await openBench({ operations, store: lasting, clock, worker: false });
  const job = await (async () => {
    await using bench = await openBench({ operations, store: lasting, clock, workFolder: watcher.workFolder });
    const begun = await bench.jobs.submit('letters', { text: 'hello' });
    await passing(clock, eventually(() => steps.calls['upper'] === 1));
    return begun;
  })();
  expect(await statesOf(watcher)).toEqual({ letters: 'retrying', fetch: 'completed', upper: 'queued' });
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

test('a pipeline needs its operations beside it, in their versions', async () => {
  const steps = letterSteps();
  const operations = [steps.fetch, steps.count, { ...steps.upper, version: 2 }, letterPipeline('letters', steps)] as const;
  await expect(openBench({ operations })).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('`upper`') });
});

import { rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { type JobEvent } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing } from '../run/testing/bench.ts';
import { openLetters, type AnyBench } from './testing/letter-bench.ts';
import { hang, letterPipeline, letterSteps } from './testing/letter-steps.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

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

test('a pipeline needs its operations beside it, in their versions', async () => {
  const steps = letterSteps();
  const operations = [steps.fetch, steps.count, { ...steps.upper, version: 2 }, letterPipeline('letters', steps)] as const;
  await expect(openBench({ operations })).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('`upper`') });
});

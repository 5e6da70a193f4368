import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, defineOperation, inputFile, type Attempt } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type AttemptScript } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, leftFolders, openBench, passing, untilState } from './testing/bench.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

const limits = { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 };

function operationOf(run: (attempt: Attempt) => Promise<unknown>) {
  return defineOperation({ name: 'work', version: 1, input: z.looseObject({}), output: z.unknown(), limits, run: (_input, attempt) => run(attempt) });
}

test('a transient failure is tried again after the back-off, and the attempts stand on the record', async () => {
  const flaky = scriptedOperation({ name: 'flaky', script: [[{ do: 'fail', code: 'STALLED' }], [{ do: 'log', message: 'second' }, { do: 'throw', error: new RangeError('odd') }], [{ do: 'succeed', output: 'done' }]] });
  await using bench = await openBench({ operations: [flaky] });
  const job = await bench.jobs.submit('flaky', {});
  await untilState(job, 'retrying');
  expect(await job.record()).toMatchObject({ state: 'retrying', attempts: 1, retryAt: bench.clock.now() + 500, error: { code: 'STALLED' } });
  await bench.clock.advance(499);
  expect(flaky.calls).toHaveLength(1);
  await bench.clock.advance(2);
  await flaky.started(2);
  await untilState(job, 'retrying');
  expect(await job.record()).toMatchObject({ attempts: 2, error: { code: 'UNKNOWN', originalType: 'RangeError', message: 'odd' } });
  await bench.clock.advance(1_001);
  expect(await job.result()).toBe('done');
  expect(flaky.calls.map(({ attempt }) => attempt.number)).toEqual([1, 2, 3]);
  expect((await job.record()).history).toMatchObject([{ ended: 'retry', error: { code: 'STALLED' } }, { ended: 'retry', logTail: expect.arrayContaining(['info: second']) }, { ended: 'completed' }]);
});

test('the third transient failure is the last: the job is a dead letter', async () => {
  const broken = scriptedOperation({ name: 'broken', script: [[{ do: 'fail', code: 'PROGRAM_CRASHED' }]] });
  await using bench = await openBench({ operations: [broken] });
  const job = await bench.jobs.submit('broken', {});
  await expect(passing(bench.clock, job.result())).rejects.toMatchObject({ code: 'PROGRAM_CRASHED' });
  expect(await job.record()).toMatchObject({ state: 'failed', attempts: 3, deadLetter: 'attempts-used-up' });
  expect(broken.calls).toHaveLength(3);
});

test('a permanent failure is tried once', async () => {
  const silent = scriptedOperation({ name: 'silent', script: [[{ do: 'fail', code: 'NO_AUDIO' }]] });
  await using bench = await openBench({ operations: [silent] });
  const job = await bench.jobs.submit('silent', {});
  await expect(job.result()).rejects.toMatchObject({ code: 'NO_AUDIO', class: 'permanent' });
  expect(silent.calls).toHaveLength(1);
});

test('an overload waits as long as it was asked to, and an outage is not charged', async () => {
  const busy = scriptedOperation({ name: 'busy', script: [[{ do: 'fail', code: 'QUEUE_FULL', retryAfterMs: 20_000 }], [{ do: 'fail', code: 'DISK_FULL' }], []] });
  await using bench = await openBench({ operations: [busy] });
  const job = await bench.jobs.submit('busy', {});
  await untilState(job, 'retrying');
  expect((await job.record()).retryAt).toBe(bench.clock.now() + 20_000);
  await bench.clock.advance(20_001);
  await busy.started(2);
  await untilState(job, 'retrying');
  expect(await job.record()).toMatchObject({ attempts: 1, refunds: 1 });
  await passing(bench.clock, job.result());
});

test('the soft limit aborts the signal, the hard one kills; both are a TIMEOUT that keeps what the work said', async () => {
  const seen: unknown[] = [];
  const deaf = operationOf(async ({ signal, kill }) => {
    signal.addEventListener('abort', () => seen.push(['soft', bench.clock.monotonic(), (signal.reason as Error).message]));
    await new Promise((resolve) => kill.addEventListener('abort', resolve));
    seen.push(['hard', bench.clock.monotonic()]);
    throw new Error('killed');
  });
  await using bench = await openBench({ operations: [{ ...deaf, limits: { ...deaf.limits, maxAttempts: 1 } }] });
  const job = await bench.jobs.submit('work', {});
  await untilState(job, 'running');
  await bench.clock.advance(90_000);
  await expect(job.result()).rejects.toMatchObject({ code: 'TIMEOUT', facts: { limit: 'soft', limitMs: 60_000 } });
  expect(seen).toEqual([['soft', 60_000, expect.stringContaining('soft limit of 60000 ms')], ['hard', 90_000]]);
  expect((await job.record()).error?.causes?.[0]).toContain('killed');
});

test('work that asks for more time gets it', async () => {
  const long = operationOf(async (attempt) => {
    attempt.allow(600_000);
    await bench.clock.sleep(500_000, attempt.signal);
    return 'long';
  });
  await using bench = await openBench({ operations: [long] });
  const job = await bench.jobs.submit('work', {});
  await untilState(job, 'running');
  expect(await passing(bench.clock, job.result())).toBe('long');
});

test('temp files are gone when the attempt has ended, and so is the output of one that failed', async () => {
  const places: string[] = [];
  const messy = operationOf(async ({ tempFolder, artifacts, number }) => {
    places.push(tempFolder, artifacts.folder);
    await writeFile(join(tempFolder, 'half'), 'x');
    await writeFile(join(artifacts.folder, 'whole'), 'x');
    await artifacts.add('whole');
    if (number === 1) throw new Error('again');
    return null;
  });
  await using bench = await openBench({ operations: [messy] });
  const job = await bench.jobs.submit('work', {});
  await untilState(job, 'retrying');
  expect([await bench.tempNames(), await bench.jobFolders()]).toEqual([[], []]);
  await passing(bench.clock, job.result());
  expect(places.map((place) => existsSync(place))).toEqual([false, false, false, true]);
  expect(new Set(places).size).toBe(4);
});

test.each<[string, AttemptScript | ((attempt: Attempt) => Promise<unknown>), string]>([
  ['an artifact that is not there', ({ artifacts }) => artifacts.add('absent'), 'EMPTY_OUTPUT'],
  ['an artifact without content', [{ do: 'write', name: 'empty', content: '' }], 'EMPTY_OUTPUT'],
  ['an artifact outside the folder', ({ artifacts }) => artifacts.add('../../escape'), 'OUTPUT_INVALID'],
  ['an artifact that changed after it was added', async ({ artifacts }) => {
    await writeFile(join(artifacts.folder, 'a'), 'x');
    await artifacts.add('a');
    await writeFile(join(artifacts.folder, 'a'), 'xyz');
  }, 'OUTPUT_INVALID'],
])('%s fails the job and leaves nothing', async (_what, work, code) => {
  const operation = typeof work === 'function' ? operationOf(work) : { ...scriptedOperation({ name: 'work', script: [work] }), name: 'work' as const };
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('work', {});
  await expect(job.result()).rejects.toMatchObject({ code });
  expect(await bench.jobFolders()).toEqual([]);
});

test('an output that does not fit the schema, or that JSON would not bring back, fails the job', async () => {
  const wrong = defineOperation({ name: 'wrong', version: 1, input: z.object({ which: z.string() }), output: z.union([z.object({ n: z.number() }), z.date()]), limits, run: ({ which }) => Promise.resolve(which === 'date' ? new Date() : ({ n: 'x' } as unknown as { n: number })) });
  await using bench = await openBench({ operations: [wrong] });
  for (const which of ['date', 'shape']) {
    const job = await bench.jobs.submit('wrong', { which });
    await expect(job.wait()).resolves.toMatchObject({ state: 'failed', error: { code: 'OUTPUT_INVALID' } });
  }
});

test('what the processes of all attempts cost adds up on the record; of memory it is the largest', async () => {
  const usage = { command: 'x', pid: 1, wallMs: 5 };
  const costly = operationOf(async ({ controls, number }) => {
    controls.onUsage?.({ ...usage, cpuMs: 100.4, peakRssBytes: 3_000 });
    controls.onUsage?.({ ...usage, cpuMs: 20, peakRssBytes: 1_000 * number });
    if (number === 1) throw new Error('again');
    return null;
  });
  await using bench = await openBench({ operations: [costly] });
  const job = await bench.jobs.submit('work', {});
  await passing(bench.clock, job.result());
  expect((await job.record()).usage).toMatchObject({ cpuMs: 240, peakRssBytes: 3_000, sampled: true });
});

test('an input stays with a failed job, for redrive, and goes with a completed one', async () => {
  const operation = defineOperation({ name: 'eat', version: 1, input: z.object({ file: inputFile() }), output: z.null(), limits, run: ({ file }) => (file.length > 0 && existsSync(`${file}.never`) ? Promise.resolve(null) : Promise.reject(new Error('no'))) });
  await using bench = await openBench({ operations: [{ ...operation, limits: { ...operation.limits, maxAttempts: 1 } }] });
  const job = await bench.jobs.submit('eat', { file: await bench.file('a', 'x') });
  await expect(job.result()).rejects.toMatchObject({ code: 'UNKNOWN' });
  await eventually(() => bench.logs.lines.some(({ message }) => message === 'The job failed'));
  expect(await bench.jobFolders()).toEqual([(await job.record()).inputFolder]);
});

test('a job of another version of its operation waits for a worker of that version', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const held = new Proxy(store, { get: (target, name) => (name === Symbol.asyncDispose ? () => Promise.resolve() : (Reflect.get(target, name) as unknown)) });
  const old = scriptedOperation({ name: 'tell', version: 1 });
  await using submitter = await openBench({ operations: [old], store: held, clock, worker: false });
  const job = await submitter.jobs.submit('tell', {});
  {
    await using newer = await openBench({ operations: [scriptedOperation({ name: 'tell', version: 2 })], store: held, clock });
    const found = await newer.jobs.get(job.id);
    if (found !== null) await untilState(found, 'retrying');
    expect(await job.record()).toMatchObject({ state: 'retrying', attempts: 0, refunds: 1, error: { code: 'OPERATION_CHANGED' } });
  }
  await using worker = await openBench({ operations: [old], store: held, clock });
  const found = await worker.jobs.get(job.id);
  await passing(clock, found?.result() ?? Promise.reject(new Error('gone')));
  expect(old.calls).toHaveLength(1);
});

import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, defineOperation, inputFile, type JobStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, leftFolders, openBench, untilState } from './testing/bench.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

/** Reads its file, writes it in capitals, and tells its length. */
function capitals() {
  const runs: string[] = [];
  const operation = defineOperation({
    name: 'capitals',
    version: 1,
    input: z.strictObject({ file: inputFile(), second: inputFile().optional(), note: z.string().default('none') }),
    output: z.object({ length: z.number() }),
    limits: { softTimeoutMs: 10_000, hardTimeoutMs: 20_000, maxWaiting: 3 },
    run: async ({ file }, { artifacts }) => {
      const text = await readFile(file, 'utf8');
      runs.push(file);
      await writeFile(join(artifacts.folder, 'capitals.txt'), text.toUpperCase());
      await artifacts.add('capitals.txt', 'text/plain');
      return { length: text.length };
    },
  });
  return { operation, runs };
}

test('the same bytes and options are one job, whatever the file is called and whichever defaults are left out', async () => {
  const { operation, runs } = capitals();
  await using bench = await openBench({ operations: [operation] });
  const first = await bench.jobs.submit('capitals', { file: await bench.file('a.txt', 'hello') });
  expect(await first.result()).toEqual({ length: 5 });
  const second = await bench.jobs.submit('capitals', { note: 'none', file: await bench.file('b c.txt', 'hello') });
  expect([second.id, second.cached, second.generation]).toEqual([first.id, true, 1]);
  const others = [
    await bench.jobs.submit('capitals', { file: await bench.file('c.txt', 'hellp') }),
    await bench.jobs.submit('capitals', { file: await bench.file('a.txt', 'hello'), note: 'other' }),
    await bench.jobs.submit('capitals', { file: await bench.file('a.txt', 'hello') }, { namespace: 'somebody' }),
    await bench.jobs.submit('capitals', { file: await bench.file('a.txt', 'hello'), second: await bench.file('d.txt', 'hello') }),
  ];
  expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(5);
  for (const job of others) await job.result();
  expect(runs).toHaveLength(5);
  expect(await bench.jobs.stats()).toMatchObject({ cacheHits: 1, cacheMisses: 5 });
});

test('fifty simultaneous submits of one identity run once and copy its file once', async () => {
  const { operation, runs } = capitals();
  await using bench = await openBench({ operations: [operation] });
  const file = await bench.file('a.txt', 'hello');
  const jobs = await Promise.all(Array.from({ length: 50 }, () => bench.jobs.submit('capitals', { file })));
  expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(Array.from({ length: 50 }, () => ({ length: 5 })));
  expect(runs).toHaveLength(1);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
});

test('the job works on a copy of its own, under a name of ours, and the copy is gone when it is completed', async () => {
  const { operation, runs } = capitals();
  await using bench = await openBench({ operations: [operation] });
  const file = await bench.file('--weird $(name)\n.txt', 'hello');
  const job = await bench.jobs.submit('capitals', { file });
  await job.result();
  expect(runs[0]).toMatch(new RegExp(`^${bench.workFolder}/jobs/[0-9a-z]{26}/${job.id}/[0-9a-z]{26}/input-0$`));
  expect((await job.record()).inputs).toMatchObject([{ field: 'file', name: 'input-0', bytes: 5, originalName: '--weird $(name)\n.txt' }]);
  const files = await job.files();
  expect(await readFile(files['capitals.txt']?.path ?? '', 'utf8')).toBe('HELLO');
  expect(files['capitals.txt']).toMatchObject({ bytes: 5, mediaType: 'text/plain', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await eventually(async () => (await bench.jobFolders()).length === 1);
  expect(await readFile(file, 'utf8')).toBe('hello');
});

test('a refused input leaves nothing', async () => {
  const { operation } = capitals();
  await using bench = await openBench({ operations: [operation], maxInputBytes: 8 });
  const refusals: [unknown, string][] = [
    [{ file: 3 }, 'INVALID_INPUT'],
    [{ file: await bench.file('a.txt', 'hello'), langauge: 'en' }, 'INVALID_INPUT'],
    [{ file: join(bench.workFolder, 'absent') }, 'INPUT_MISSING'],
    [{ file: bench.workFolder }, 'INPUT_NOT_FILE'],
    [{ file: await bench.file('empty', '') }, 'INPUT_EMPTY'],
    [{ file: await bench.file('zero', '\0\0\0\0') }, 'INPUT_ALL_ZERO'],
    [{ file: await bench.file('large', '123456789') }, 'INPUT_TOO_LARGE'],
  ];
  for (const [input, code] of refusals) await expect(bench.jobs.submit('capitals', input as { file: string })).rejects.toMatchObject({ code });
  await expect(bench.jobs.submit('other' as 'capitals', { file: 'x' })).rejects.toMatchObject({ code: 'UNKNOWN_OPERATION' });
  expect(await bench.jobFolders()).toEqual([]);
  expect((await bench.jobs.list()).jobs).toEqual([]);
});

test('a full line is refused with a time to wait, and leaves nothing', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]], limits: { concurrency: 1, maxWaiting: 2 } });
  await using bench = await openBench({ operations: [slow] });
  const first = await bench.jobs.submit('slow', { number: 0 });
  await untilState(first, 'running');
  await bench.jobs.submit('slow', { number: 1 });
  await bench.jobs.submit('slow', { number: 2 });
  await expect(bench.jobs.submit('slow', { number: 3 })).rejects.toMatchObject({ code: 'QUEUE_FULL', retryAfterMs: expect.any(Number) });
  expect((await bench.jobs.submit('slow', { number: 2 })).cached).toBe(false);
});

test('a disk without room refuses the submit before anything is copied', async () => {
  const { operation } = capitals();
  await using bench = await openBench({ operations: [operation], diskReserveBytes: 2 ** 60 });
  await expect(bench.jobs.submit('capitals', { file: await bench.file('a.txt', 'hello') })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await bench.jobFolders()).toEqual([]);
});

test('a completed job whose file is gone or of another size runs again as a new generation', async () => {
  const { operation, runs } = capitals();
  await using bench = await openBench({ operations: [operation] });
  const file = await bench.file('a.txt', 'hello');
  const first = await bench.jobs.submit('capitals', { file });
  await first.result();
  await rm((await first.files())['capitals.txt']?.path ?? '');
  const second = await bench.jobs.submit('capitals', { file });
  expect([second.id, second.cached, second.generation]).toEqual([first.id, false, 2]);
  await second.result();
  await writeFile((await second.files())['capitals.txt']?.path ?? '', 'cut');
  expect((await bench.jobs.submit('capitals', { file })).generation).toBe(3);
  await second.result();
  expect(runs).toHaveLength(3);
  expect(bench.logs.lines.filter(({ message }) => message.includes('unusable'))).toHaveLength(2);
  expect(await bench.jobs.stats()).toMatchObject({ cacheUnusable: 2, cacheHits: 0, cacheMisses: 3 });
  await eventually(async () => (await bench.jobFolders()).length === 1);
});

test('a file of the same size but another content is found where digests are asked for', async () => {
  const { operation, runs } = capitals();
  await using bench = await openBench({ operations: [operation] });
  const file = await bench.file('a.txt', 'hello');
  const first = await bench.jobs.submit('capitals', { file });
  await first.result();
  expect((await bench.jobs.submit('capitals', { file }, { verifyDigests: true })).cached).toBe(true);
  await writeFile((await first.files())['capitals.txt']?.path ?? '', 'HELLA');
  expect((await bench.jobs.submit('capitals', { file })).cached).toBe(true);
  const again = await bench.jobs.submit('capitals', { file }, { verifyDigests: true });
  expect([again.cached, again.generation]).toEqual([false, 2]);
  await again.result();
  expect(runs).toHaveLength(2);
});

test('a completed job whose output no longer fits the schema runs again', async () => {
  const store = createMemoryStore();
  const held = new Proxy(store, { get: (target, name: keyof JobStore | symbol) => (name === Symbol.asyncDispose ? () => Promise.resolve() : Reflect.get(target, name) as unknown) });
  const define = (output: z.ZodType) => defineOperation({ name: 'tell', version: 1, input: z.object({}), output, limits: { softTimeoutMs: 1_000, hardTimeoutMs: 2_000 }, run: () => Promise.resolve('text') });
  {
    await using before = await openBench({ operations: [define(z.string())], store: held });
    expect(await (await before.jobs.submit('tell', {})).result()).toBe('text');
  }
  await using after = await openBench({ operations: [define(z.string().transform((text) => text.length))], store });
  expect((await after.jobs.submit('tell', {})).cached).toBe(true);
  await using later = await openBench({ operations: [define(z.number())], store: held });
  const job = await later.jobs.submit('tell', {});
  expect([job.cached, job.generation]).toEqual([false, 2]);
  await expect(job.result()).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
});

test('the time of the store decides whether a result still stands, also where the clock of this process is ahead', async () => {
  const { operation, runs } = capitals();
  const clock = createFakeClock();
  await using bench = await openBench({ operations: [operation], clock, store: createMemoryStore({ clock: createFakeClock() }), ttlHours: 1 });
  const file = await bench.file('a.txt', 'hello');
  await (await bench.jobs.submit('capitals', { file })).result();
  clock.jump(2 * 60 * 60 * 1000);
  expect(await bench.jobs.submit('capitals', { file })).toMatchObject({ cached: true, generation: 1 });
  expect(runs).toHaveLength(1);
  expect(await bench.jobFolders()).toHaveLength(1);
});

test('fresh runs a completed job again, and the files of the run before are gone', async () => {
  const { operation, runs } = capitals();
  await using bench = await openBench({ operations: [operation] });
  const file = await bench.file('a.txt', 'hello');
  const first = await bench.jobs.submit('capitals', { file });
  await first.result();
  const before = (await first.files())['capitals.txt']?.path ?? '';
  const again = await bench.jobs.submit('capitals', { file }, { fresh: true });
  await again.result();
  expect([again.id, again.generation, runs.length]).toEqual([first.id, 2, 2]);
  await expect(stat(before)).rejects.toMatchObject({ code: 'ENOENT' });
  await eventually(async () => (await bench.jobFolders()).length === 1);
});

test('a failed or cancelled job runs again when it is submitted again', async () => {
  const flaky = scriptedOperation({ name: 'flaky', script: [[{ do: 'fail', code: 'NO_AUDIO' }], [{ do: 'hang' }], [{ do: 'succeed', output: 3 }]] });
  await using bench = await openBench({ operations: [flaky] });
  const failed = await bench.jobs.submit('flaky', {});
  await expect(failed.result()).rejects.toMatchObject({ code: 'NO_AUDIO' });
  const cancelled = await bench.jobs.submit('flaky', {});
  await untilState(cancelled, 'running');
  expect(await cancelled.cancel()).toBe('requested');
  // It may still be ending: the submit waits for that and does not join a job that is to be cancelled.
  const third = await bench.jobs.submit('flaky', {});
  expect(await third.result()).toBe(3);
  expect([failed.generation, cancelled.generation, third.generation]).toEqual([1, 2, 3]);
});

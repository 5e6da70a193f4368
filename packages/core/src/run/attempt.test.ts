import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineOperation, inputFile, type Attempt } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, leftFolders, openBench, passing, untilState } from './testing/bench.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

/** Each attempt leaves a file with its number among the checkpoints, and ends as the list says. */
function stepwise(ends: readonly ('retry' | 'fail' | 'hang' | 'succeed')[]) {
  const calls: { readonly attempt: Attempt; readonly found: readonly string[] }[] = [];
  const operation = defineOperation({
    name: 'stepwise', version: 1, input: z.object({ file: inputFile() }), output: z.null(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 },
    async run(_input, attempt) {
      const folder = attempt.checkpointFolder ?? '';
      calls.push({ attempt, found: readdirSync(folder) });
      const end = ends[calls.length - 1] ?? 'succeed';
      writeFileSync(join(folder, `part-${calls.length}`), 'x');
      if (end === 'hang') await new Promise((_resolve, reject) => attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason as Error)));
      if (end === 'retry') throw new MediaJobError('STALLED', { message: 'Told to.' });
      if (end === 'fail') throw new MediaJobError('CORRUPT', { message: 'Told to.' });
      return null;
    },
  });
  return { operation, calls };
}

test('what an attempt leaves in the checkpoint folder the next one finds, no sweep in between takes it, and it is gone when the job is done', async () => {
  const { operation, calls } = stepwise(['retry', 'retry']);
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('stepwise', { file: await bench.file('a', 'hello') });
  await untilState(job, 'retrying');
  await bench.jobs.sweep();
  await passing(bench.clock, job.result());
  expect(calls.map(({ found }) => found)).toEqual([[], ['part-1'], ['part-1', 'part-2']]);
  await eventually(async () => (await bench.jobFolders()).length === 0);
});

test('a job without input files has checkpoints only where its operation asks for them, and they go with it', async () => {
  const seen: (string | null)[] = [];
  const make = (name: string, checkpoints: boolean) => defineOperation({
    name, version: 1, input: z.object({}), output: z.null(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 }, checkpoints,
    run(_input, attempt) {
      seen.push(attempt.checkpointFolder);
      if (attempt.checkpointFolder === null || attempt.number > 1) return Promise.resolve(null);
      writeFileSync(join(attempt.checkpointFolder, 'part'), 'x');
      return Promise.reject(new MediaJobError('STALLED', { message: 'Told to.' }));
    },
  });
  await using bench = await openBench({ operations: [make('with', true), make('without', false)] });
  await passing(bench.clock, (await bench.jobs.submit('without', {})).result());
  await passing(bench.clock, (await bench.jobs.submit('with', {})).result());
  expect(seen).toEqual([null, expect.any(String), seen[1]]);
  expect(await bench.jobs.sweep()).toMatchObject({ errors: [] });
  await eventually(async () => (await bench.jobFolders()).length === 0);
});

test('a job that failed keeps its checkpoints for a redrive until its time to live is over', async () => {
  const { operation, calls } = stepwise(['fail', 'fail']);
  await using bench = await openBench({ operations: [operation], ttlHours: 1 });
  const job = await bench.jobs.submit('stepwise', { file: await bench.file('a', 'hello') });
  await expect(job.result()).rejects.toMatchObject({ code: 'CORRUPT' });
  await bench.store.redrive(job.id);
  await bench.jobs.sweep();
  await passing(bench.clock, eventually(() => calls.length === 2));
  await job.wait();
  expect(calls[1]?.found).toEqual(['part-1']);
  const folder = dirname(calls[1]?.attempt.checkpointFolder ?? '');
  expect(existsSync(folder)).toBe(true);
  await bench.clock.advance(3_600_001);
  await bench.jobs.sweep();
  expect([existsSync(folder), await bench.jobFolders()]).toEqual([false, []]);
});

test.each(['cancel', 'reset'] as const)('a %s takes the checkpoints along', async (end) => {
  const { operation, calls } = stepwise(['hang']);
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('stepwise', { file: await bench.file('a', 'hello') });
  await eventually(() => calls.length === 1);
  if (end === 'cancel') await job.cancel();
  else await bench.store.reset();
  await passing(bench.clock, eventually(() => calls[0]?.attempt.signal.aborted === true));
  await passing(bench.clock, eventually(async () => {
    await bench.jobs.sweep();
    return (await bench.jobFolders()).length === 0;
  }));
});

test('a job without input files has no place for checkpoints', async () => {
  let folder: string | null | undefined;
  const operation = defineOperation({
    name: 'bare', version: 1, input: z.object({}), output: z.null(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 },
    async run(_input, attempt) {
      folder = attempt.checkpointFolder;
      return null;
    },
  });
  await using bench = await openBench({ operations: [operation] });
  await (await bench.jobs.submit('bare', {})).result();
  expect(folder).toBeNull();
});

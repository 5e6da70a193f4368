import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createMemoryStore, defineOperation, inputFile, type JobStore } from '@media-jobs/core';
import { createFakeClock } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, leftFolders, openBench, passing } from './testing/bench.ts';
import { away, withFaults, type Faults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

const read = defineOperation({
  name: 'read', version: 1, input: z.object({ file: inputFile() }), output: z.string(), limits: { softTimeoutMs: 10_000, hardTimeoutMs: 20_000 }, run: ({ file }) => readFile(file, 'utf8'),
});

function benchWith(faults: (store: JobStore) => Faults, options: { readonly worker?: boolean } = {}) {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  return openBench({ operations: [read], clock, store: withFaults(store, faults(store)), ...options });
}

test('a reset between staging and submit is answered by staging again under the new epoch (guard 3)', async () => {
  let submits = 0;
  const epochs: string[] = [];
  await using bench = await benchWith((store) => ({
    submit: (real) => async (request) => {
      submits += 1;
      if (submits <= 2) await store.reset();
      epochs.push(request.epoch);
      return real(request);
    },
  }));
  const job = await bench.jobs.submit('read', { file: await bench.file('a', 'hello') });
  expect(await job.result()).toBe('hello');
  expect(new Set(epochs).size).toBe(3);
  await eventually(async () => (await bench.jobFolders()).length === 0);
});

test('when one reset follows the other, the submit ends with EPOCH_PASSED and leaves nothing', async () => {
  await using bench = await benchWith((store) => ({
    submit: (real) => async (request) => {
      await store.reset();
      return real(request);
    },
  }));
  await expect(bench.jobs.submit('read', { file: await bench.file('a', 'hello') })).rejects.toMatchObject({ code: 'EPOCH_PASSED' });
  expect(await bench.jobFolders()).toEqual([]);
});

test('a file that changes while it is taken in is refused, and nothing is left', async () => {
  await using bench = await benchWith(() => ({
    get: (real) => async (id) => {
      await bench.file('a', 'changed');
      return real(id);
    },
  }));
  await expect(bench.jobs.submit('read', { file: await bench.file('a', 'hello') })).rejects.toMatchObject({ code: 'INPUT_CHANGED', retryable: true });
  expect(await bench.jobFolders()).toEqual([]);
});

test('a submit that the store did not take leaves nothing', async () => {
  await using bench = await benchWith(() => ({ submit: () => () => Promise.reject(away()) }));
  await expect(bench.jobs.submit('read', { file: await bench.file('a', 'hello') })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await bench.jobFolders()).toEqual([]);
});

test('a submit that the store took, but whose answer was lost, keeps its input, also when the store is silent for a while', async () => {
  let silent = false;
  await using bench = await benchWith(() => ({
    submit: (real) => async (request) => {
      await real(request);
      silent = true;
      throw away();
    },
    get: (real) => (id) => (silent ? Promise.reject(away()) : real(id)),
  }), { worker: false });
  await expect(bench.jobs.submit('read', { file: await bench.file('a', 'hello') })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  silent = false;
  await bench.jobs.sweep();
  const [record] = (await bench.jobs.list()).jobs;
  expect(await bench.jobFolders()).toEqual([record?.inputFolder]);
  expect(record?.state).toBe('queued');
});

test('what was staged and never submitted is removed by the pass after the store is back', async () => {
  let silent = true;
  await using bench = await benchWith(() => ({
    submit: (real) => (request) => (silent ? Promise.reject(away()) : real(request)),
    get: (real) => {
      let asked = 0;
      return (id) => ((asked += 1) > 1 && silent ? Promise.reject(away()) : real(id));
    },
  }), { worker: false });
  await expect(bench.jobs.submit('read', { file: await bench.file('a', 'hello') })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await bench.jobFolders()).toHaveLength(1);
  silent = false;
  await bench.jobs.sweep();
  expect(await bench.jobFolders()).toEqual([]);
});

test('the input of a waiting job goes when the job is cancelled', async () => {
  await using bench = await openBench({ operations: [read], worker: false });
  const job = await bench.jobs.submit('read', { file: await bench.file('a', 'hello') });
  expect(await bench.jobFolders()).toHaveLength(1);
  expect(await job.cancel()).toBe('cancelled');
  expect(await bench.jobFolders()).toEqual([]);
});

test('a submit that is aborted while it hashes or copies leaves nothing', async () => {
  await using bench = await openBench({ operations: [read] });
  const file = await bench.file('a', 'hello');
  await expect(bench.jobs.submit('read', { file }, { signal: AbortSignal.abort(new Error('never mind')) })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await bench.jobFolders()).toEqual([]);
});

test('a sweep at the very moment between staging and submit does not take the input', async () => {
  await using bench = await benchWith(() => ({
    submit: (real) => async (request) => {
      const report = await bench.jobs.sweep();
      expect(report.orphans).toMatchObject({ folders: 0 });
      expect(existsSync(`${bench.workFolder}/${request.inputFolder}/input-0`)).toBe(true);
      return real(request);
    },
  }));
  const job = await bench.jobs.submit('read', { file: await bench.file('a', 'hello') });
  expect(await passing(bench.clock, job.result())).toBe('hello');
});

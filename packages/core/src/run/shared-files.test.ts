import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defineOperation, definePipeline, inputFile, type FileStore } from '@media-jobs/core';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { filesUnavailable } from '../files/file-errors.ts';
import { cutAfter, withFileFaults } from '../files/testing/faulty-file-store.ts';
import { eventually, leftFolders, openBench } from './testing/bench.ts';
import { capitals, digestOf, text } from './testing/capitals.ts';
import { openTwoMachines } from './testing/two-machines.ts';
import { withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

test('a machine with a work folder of its own fetches the input, and what it makes is read where the job was submitted', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()] });
  const { front, stored, local } = fleet;
  const job = await front.jobs.submit('capitals', { file: await front.file('a.txt', text) });
  expect(await job.result()).toEqual({ length: text.length });
  const files = await job.files();
  expect(files['capitals.txt']?.path.startsWith(front.workFolder)).toBe(true);
  expect(await readFile(files['capitals.txt']?.path ?? '', 'utf8')).toBe(text.toUpperCase());
  await eventually(async () => (await stored()).length === 2);
  expect((await stored()).sort()).toEqual([digestOf(text.toUpperCase()), digestOf(String(text.length))].sort());
  await eventually(async () => (await local()).length === 4);
  expect((await local()).sort()).toEqual(['back: capitals.txt', 'back: length.txt', 'front: capitals.txt', 'front: length.txt']);
});

test('only the files that are asked for are fetched, and a name that is none of the job is passed over', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()] });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await job.result();
  expect(Object.keys(await job.files({ names: ['length.txt', 'none.txt'] }))).toEqual(['length.txt']);
  expect((await fleet.local()).filter((path) => path.startsWith('front'))).toEqual(['front: length.txt']);
});

test('a process that runs nothing keeps no copy of an input once its job is in line, for the file store has it', async () => {
  const [started, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const waiting = { ...capitals(), run: () => (started.resolve(), held.promise.then(() => ({ length: 0 }))) };
  await using fleet = await openTwoMachines({ operations: [waiting] });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await started.promise;
  expect([await fleet.stored(), await fleet.local()]).toEqual([[digestOf(text)], ['back: input-0']]);
  held.resolve();
  await job.wait();
  await eventually(async () => (await fleet.stored()).length === 0 && (await fleet.local()).length === 0);
});

test('at the commit all that it names can be fetched', async () => {
  const seen: (number | null)[] = [];
  const files: { of?: (sha256: string, folder: string) => Promise<number | null> } = {};
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    wrapStore: (store) => withFaults(store, {
      commit: (real) => async (key, outcome) => {
        if (outcome.kind === 'completed') for (const { sha256 } of outcome.artifacts) seen.push((await files.of?.(sha256, outcome.outputFolder)) ?? null);
        return real(key, outcome);
      },
    }),
  });
  files.of = (sha256, folder) => fleet.files.sizeOf({ sha256, folder });
  await (await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) })).result();
  expect(seen).toEqual([text.length, String(text.length).length]);
});

test('a fetch that is cut goes on where it was', async () => {
  const starts: number[] = [];
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    wrapFiles: (files, machine) => machine === 'front' ? files : withFileFaults(files, {
      open: (real) => async (file, start, controls) => {
        starts.push(start);
        const stream = await real(file, start, controls);
        return starts.length < 3 ? cutAfter(stream, 100_000) : stream;
      },
    }),
  });
  expect(await (await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) })).result()).toEqual({ length: text.length });
  expect(starts).toEqual([0, 100_000, 200_000]);
});

test.each([
  { times: 1, outcome: { state: 'completed', error: null } },
  { times: 9, outcome: { state: 'failed', error: expect.objectContaining({ code: 'FILE_MISMATCH', class: 'permanent' }) as unknown } },
])('a file that comes wrong $times time(s)', async ({ times, outcome }) => {
  let opened = 0;
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    wrapFiles: (files, machine) => machine === 'front' ? files : withFileFaults(files, {
      open: (real) => async (file, start, controls) => {
        opened += 1;
        const stream = await real(file, start, controls);
        return opened > times ? stream : stream.map((chunk: Buffer) => Buffer.from(chunk).fill('x'));
      },
    }),
  });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  expect(await job.wait()).toMatchObject(outcome);
  expect(opened).toBe(2);
});

test('an input that somebody removed from the file store ends its job by name', async () => {
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    wrapFiles: (files, machine) => machine === 'front' ? files : withFileFaults(files, { open: (real) => async (file, start, controls) => (await files.remove(file.folder), real(file, start, controls)) }),
  });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  expect(await job.wait()).toMatchObject({ state: 'failed', error: { code: 'FILE_MISSING' } });
});

test('a submit stores nothing and leaves nothing where the file store is away, and says so', async () => {
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    front: { random: () => 0 },
    wrapFiles: (files, machine) => machine === 'back' ? files : withFileFaults(files, { put: () => () => Promise.reject(filesUnavailable('store a file')) }),
  });
  await expect(fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) })).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  expect([await fleet.stored(), await fleet.local(), (await fleet.store.list({}, { limit: 10 })).jobs]).toEqual([[], [], []]);
});

test('a submit that is aborted while it stores its file leaves nothing', async () => {
  const controller = new AbortController();
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    wrapFiles: (files, machine) => machine === 'back' ? files : withFileFaults(files, { put: (real) => (file, path, controls) => (controller.abort(), real(file, path, controls)) }),
  });
  await expect(fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) }, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  expect([await fleet.stored(), await fleet.local()]).toEqual([[], []]);
});

test('work that is done is not lost while the file store is away: it is stored when that is back', async () => {
  let refusals = 0;
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    back: { random: () => 0 },
    wrapFiles: (files, machine) => machine === 'front' ? files : withFileFaults(files, {
      put: (real) => (file, path, controls) => (refusals += 1) <= 9 ? Promise.reject(filesUnavailable('store a file')) : real(file, path, controls),
    }),
  });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  expect(await job.wait()).toMatchObject({ state: 'completed', attempts: 1, refunds: 0 });
});

test('a result is given out from the cache where none of its files lie, and runs again when the file store has lost one', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()] });
  const file = await fleet.front.file('a.txt', text);
  const submit = (options = {}) => fleet.front.jobs.submit('capitals', { file }, options);
  await (await submit()).result();
  expect([(await submit()).cached, (await fleet.local()).filter((path) => path.startsWith('front'))]).toEqual([true, []]);
  await eventually(async () => (await fleet.stored()).length === 2);
  const verified = await submit({ verifyDigests: true });
  expect([verified.cached, (await fleet.local()).filter((path) => path.startsWith('front')).length]).toEqual([true, 2]);
  const { outputFolder } = await verified.record();
  for (const [removed, options] of [[false, {}], [true, {}]] as const) {
    await fleet.files.remove(outputFolder ?? '');
    if (removed) await rm(join(fleet.front.workFolder, outputFolder ?? ''), { recursive: true });
    const again = await submit(options);
    expect([again.cached, (await again.wait()).generation]).toEqual([!removed, removed ? 2 : 1]);
  }
});

test('the file store is looked at with the health of the service, and disposed with it', async () => {
  let disposed = 0;
  await using fleet = await openTwoMachines({ operations: [capitals()], wrapFiles: (files) => withFileFaults(files, { [Symbol.asyncDispose]: () => async () => void (disposed += 1) }) });
  const check = fleet.front.jobs.healthChecks.find(({ name }) => name === 'files');
  expect(await check?.check(AbortSignal.timeout(1_000))).toMatchObject({ ok: true });
  await fleet.front.jobs.close();
  expect(disposed).toBe(1);
});

test('two processes on one work folder fetch a file once', async () => {
  let opened = 0;
  const counted = (files: FileStore): FileStore => withFileFaults(files, { open: (real) => (...given) => ((opened += 1), real(...given)) });
  await using fleet = await openTwoMachines({ operations: [capitals()], wrapFiles: (files, machine) => (machine === 'front' ? counted(files) : files) });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await job.result();
  await using neighbour = await openBench({ operations: [capitals()], realTime: true, store: fleet.store, files: counted(fleet.files), workFolder: fleet.front.workFolder, worker: false });
  await Promise.all([job.files(), job.files(), (await neighbour.jobs.find(job.id)).files()]);
  expect(opened).toBe(2);
});

test('a pipeline whose steps are done on another machine hands their files on', async () => {
  const count = defineOperation({
    name: 'count', version: 1, input: z.strictObject({ file: inputFile() }), output: z.object({ bytes: z.number(), first: z.string() }), limits: { softTimeoutMs: 20_000, hardTimeoutMs: 30_000 },
    run: async ({ file }) => ({ bytes: (await readFile(file)).length, first: (await readFile(file, 'utf8')).slice(0, 5) }),
  });
  const upper = capitals();
  const pipeline = definePipeline({ name: 'both', version: 1, input: z.strictObject({ file: inputFile() }) })
    .step('upper', upper, ({ input }) => ({ file: input.file }))
    .step('count', count, (before) => ({ file: before.upper.file('capitals.txt') }))
    .build();
  await using fleet = await openTwoMachines({ operations: [upper, count, pipeline] });
  const job = await fleet.front.jobs.submit('both', { file: await fleet.front.file('a.txt', text) });
  expect(await job.result()).toMatchObject({ count: { output: { bytes: text.length, first: 'HELLO' } } });
});

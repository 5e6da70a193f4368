import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderFileStore, newToken } from '@media-jobs/core';
import { createFakeClock } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { filesUnavailable } from '../files/file-errors.ts';
import { withFileFaults } from '../files/testing/faulty-file-store.ts';
import { eventually, leftFolders, openBench, passing } from './testing/bench.ts';
import { capitals, digestOf, text } from './testing/capitals.ts';
import { openTwoMachines } from './testing/two-machines.ts';
import { withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

const hour = 3_600_000;

/** The input of a job goes right after its commit. */
async function untilStored(fleet: { readonly stored: () => Promise<string[]> }, count: number): Promise<void> {
  await eventually(async () => (await fleet.stored()).length === count);
}

test('what an attempt stored is gone when its commit is refused', async () => {
  const refused = Promise.withResolvers<void>();
  await using fleet = await openTwoMachines({
    operations: [capitals()],
    wrapStore: (store) => withFaults(store, {
      commit: (real) => async (key, outcome) => {
        if (outcome.kind !== 'completed') return real(key, outcome);
        await store.release(key);
        await store.requestCancel(key.id);
        refused.resolve();
        return real(key, outcome);
      },
    }),
  });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await refused.promise;
  await fleet.back.jobs.sweep();
  await eventually(async () => !(await fleet.stored()).includes(digestOf(text.toUpperCase())));
  expect((await job.record()).state).toBe('cancelled');
});

test('a job that failed keeps its input for a redrive, and nothing of its attempt', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()] });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text), fails: true });
  expect(await job.wait()).toMatchObject({ state: 'failed' });
  expect(await fleet.stored()).toEqual([digestOf(text)]);
  await fleet.front.jobs.redrive(job.id);
  expect(await job.wait()).toMatchObject({ state: 'failed', generation: 2 });
  await fleet.front.jobs.delete(job.id);
  expect(await fleet.stored()).toEqual([]);
  await fleet.back.jobs.sweep();
  expect(await fleet.local()).toEqual([]);
});

test('a job that is cancelled in line takes its input out of the file store', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()], back: { operations: [{ ...capitals(), name: 'other' }] } });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  expect(await fleet.stored()).toEqual([digestOf(text)]);
  expect(await job.cancel()).toBe('cancelled');
  expect(await fleet.stored()).toEqual([]);
});

test('with its time to live a job leaves the file store, and each machine in its own next pass', async () => {
  const clock = createFakeClock();
  await using fleet = await openTwoMachines({ operations: [capitals()], clock, front: { ttlHours: 1, cleanupIntervalMinutes: 30 }, back: { ttlHours: 1 } });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await passing(clock, job.result());
  await untilStored(fleet, 2);
  await job.files();
  await clock.advance(hour);
  expect(await fleet.back.jobs.sweep()).toMatchObject({ expired: { jobs: 1, files: 4 }, errors: [] });
  expect([await fleet.stored(), (await fleet.local()).every((path) => path.startsWith('front'))]).toEqual([[], true]);
  await clock.advance(hour);
  await eventually(async () => (await fleet.local()).length === 0);
  await expect(job.files()).rejects.toMatchObject({ code: 'JOB_EXPIRED' });
});

test('a sweep finds by listing what killed processes left in the file store, lets alone what may still be on its way, and what records name', async () => {
  const clock = createFakeClock(Date.now());
  await using fleet = await openTwoMachines({ operations: [capitals()], clock });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await passing(clock, job.result());
  await untilStored(fleet, 2);
  const orphan = `jobs/${await fleet.store.epoch()}/${job.id}/${newToken()}`;
  await fleet.files.put({ folder: orphan, sha256: digestOf('left'), bytes: 4 }, await fleet.front.file('left.txt', 'left'));
  await fleet.back.jobs.sweep();
  expect(await fleet.stored()).toHaveLength(3);
  await clock.advance(7 * hour);
  expect(await fleet.back.jobs.sweep()).toMatchObject({ orphans: { folders: 1, files: 1, bytes: 4 }, errors: [] });
  expect((await fleet.stored()).sort()).toEqual([digestOf(text.toUpperCase()), digestOf(String(text.length))].sort());
});

test('a reset by one machine leaves nothing in the file store, and nothing on any machine', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()] });
  const done = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await done.result();
  await done.files();
  const failed = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('b.txt', text), fails: true });
  await failed.wait();
  await untilStored(fleet, 3);
  const report = await fleet.front.jobs.reset({ level: 'deep' });
  expect(report).toMatchObject({ ok: true, left: 0, perTarget: { 'stored files': { filesDeleted: 3 } } });
  expect(await fleet.stored()).toEqual([]);
  await eventually(async () => (await fleet.local()).length === 0);
});

test('what a cut off machine stored after a reset goes with the next pass of any other', async () => {
  await using fleet = await openTwoMachines({ operations: [capitals()] });
  const older = await fleet.store.epoch();
  await fleet.front.jobs.reset({ level: 'deep' });
  await fleet.files.put({ folder: `jobs/${older}/mj_x/${newToken()}`, sha256: digestOf('late'), bytes: 4 }, await fleet.front.file('late.txt', 'late'));
  expect(await fleet.back.jobs.sweep()).toMatchObject({ olderEpochs: { files: 1, bytes: 4 }, errors: [] });
  expect(await fleet.stored()).toEqual([]);
});

test('on a nearly full disk a machine gives up its copies, and no job goes before its time: what it lacks then is fetched again', async () => {
  const clock = createFakeClock();
  let used = 0.5;
  const guards = { readings: { disk: async () => ({ usedRatio: used, freeBytes: 1e10, totalBytes: 1e11 }) } };
  await using fleet = await openTwoMachines({ operations: [capitals()], clock, back: { guards } });
  const job = await fleet.front.jobs.submit('capitals', { file: await fleet.front.file('a.txt', text) });
  await passing(clock, job.result());
  await eventually(async () => (await fleet.local()).length === 2);
  await clock.advance(120_000);
  used = 0.97;
  await eventually(async () => {
    await clock.advance(10_000);
    return (await fleet.local()).length === 0;
  });
  expect([(await job.record()).state, (await fleet.stored()).length]).toEqual(['completed', 2]);
  expect(Object.keys(await job.files())).toEqual(['capitals.txt', 'length.txt']);
});

test('while the file store is away a pass gives up at the first job that it cannot remove, and a later one removes them all', async () => {
  const clock = createFakeClock();
  const asked: string[] = [];
  let away = false;
  await using fleet = await openTwoMachines({
    operations: [capitals()], clock, front: { ttlHours: 1 },
    wrapFiles: (files, machine) => machine === 'front' ? files : withFileFaults(files, { remove: (real) => async (place, controls) => {
      if (away) asked.push(place);
      return away ? Promise.reject(filesUnavailable('remove stored files')) : real(place, controls);
    } }),
  });
  for (const name of ['a', 'b', 'c']) await passing(clock, (await fleet.front.jobs.submit('capitals', { file: await fleet.front.file(name, name) })).result());
  await untilStored(fleet, 6);
  await clock.advance(hour);
  away = true;
  expect(await fleet.back.jobs.sweep()).toMatchObject({ expired: { jobs: 0 } });
  expect(asked).toHaveLength(1);
  away = false;
  await clock.advance(hour);
  expect(await fleet.back.jobs.sweep()).toMatchObject({ expired: { jobs: 3 }, errors: [] });
  expect(await fleet.stored()).toEqual([]);
});

test('with a store that forgets everything, what was stored goes when it is closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'media-jobs-forgotten-'));
  await using files = createFolderFileStore({ folder });
  {
    await using bench = await openBench({ operations: [capitals()], realTime: true, files: createFolderFileStore({ folder }) });
    await (await bench.jobs.submit('capitals', { file: await bench.file('a.txt', text) })).result();
    expect(await files.epochs()).toHaveLength(1);
  }
  expect(await files.epochs()).toEqual([]);
  await rm(folder, { recursive: true });
});

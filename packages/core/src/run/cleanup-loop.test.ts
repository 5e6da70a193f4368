import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, newEpoch, newToken } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type FakeClock } from '@media-jobs/core/testing';
import { ownerId } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing, untilState } from './testing/bench.ts';
import { away, withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

const hour = 3_600_000;
const filed = () => scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out.txt', content: '12345' }]] });
const shared = (clock: FakeClock) => {
  const store = createMemoryStore({ clock });
  return new Proxy(store, { get: (target, name) => (name === Symbol.asyncDispose ? () => Promise.resolve() : (Reflect.get(target, name) as unknown)) });
};

test('a job and its files go together when its time is over, and not before', async () => {
  await using bench = await openBench({ operations: [filed()], ttlHours: 2 });
  const job = await bench.jobs.submit('file', {});
  await job.result();
  const path = (await job.files())['out.txt']?.path ?? '';
  await bench.clock.advance(2 * hour - 1);
  expect(await bench.jobs.sweep()).toMatchObject({ expired: { jobs: 0, files: 0, bytes: 0 }, errors: [] });
  expect(existsSync(path)).toBe(true);
  await bench.clock.advance(1);
  expect(await bench.jobs.sweep()).toMatchObject({ expired: { jobs: 1, files: 1, bytes: 5 }, errors: [] });
  expect([existsSync(path), await bench.store.get(job.id), await bench.jobFolders()]).toEqual([false, null, []]);
});

test('the loop does it by itself, with its interval jittered by a tenth, and logs what went', async () => {
  await using bench = await openBench({ operations: [filed()], ttlHours: 1, cleanupIntervalMinutes: 30, random: () => 1 });
  const job = await bench.jobs.submit('file', {});
  await job.result();
  for (let minute = 0; minute < 100; minute += 1) {
    await bench.clock.advance(60_000);
    await bench.jobs.get(job.id);
  }
  await eventually(() => bench.logs.lines.some(({ fields }) => fields['jobs'] === 1 && fields['bytes'] === 5));
  expect(await bench.store.get(job.id)).toBeNull();
});

test('a crash between the files and the record is repeated safely by the next pass', async () => {
  const clock = createFakeClock();
  let broken = true;
  const store = withFaults(createMemoryStore({ clock }), {
    purge: (real) => async (...given) => {
      if (broken) throw away();
      return real(...given);
    },
  });
  await using bench = await openBench({ operations: [filed()], ttlHours: 1, clock, store });
  const job = await bench.jobs.submit('file', {});
  await job.result();
  await clock.advance(hour);
  expect((await bench.jobs.sweep()).errors).toHaveLength(1);
  expect([(await store.get(job.id))?.state, await bench.jobFolders()]).toEqual(['expiring', []]);
  broken = false;
  await clock.advance(60_000);
  expect((await bench.jobs.sweep()).expired.jobs).toBe(1);
  expect(await store.get(job.id)).toBeNull();
});

test.runIf(process.getuid?.() === 0)('what a pass cannot remove of older epochs is named, each by its path, and all else of them is gone (mounts, so as root only)', async () => {
  await using bench = await openBench({ operations: [filed()], realTime: true });
  await (await bench.jobs.submit('file', {})).result();
  const older = join(bench.workFolder, 'jobs', await bench.store.epoch());
  const stuck = ['one', 'two'].map((name) => join(older, 'job', name));
  for (const path of stuck) await mkdir(path, { recursive: true });
  for (let number = 0; number < 100; number += 1) await writeFile(join(older, 'job', `file-${number}`), 'x');
  await bench.store.reset();
  for (const path of stuck) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]);
  try {
    const { errors, olderEpochs } = await bench.jobs.sweep();
    expect(Object.fromEntries(errors.map(({ path, reason }) => [path, reason]))).toEqual(Object.fromEntries(stuck.map((path) => [path, 'EBUSY'])));
    expect(errors).toHaveLength(2);
    expect(olderEpochs).toMatchObject({ folders: 0, files: 101, bytes: 105 });
    expect(await readdir(join(older, 'job'))).toEqual(['one', 'two']);
  } finally {
    for (const path of stuck) execFileSync('umount', [path]);
  }
  expect(await bench.jobs.sweep()).toMatchObject({ olderEpochs: { folders: 1, files: 0 }, errors: [] });
});

test('a submit of a job that is being deleted starts a new run, which the slower sweeper does not touch (guards 5 and 6)', async () => {
  await using bench = await openBench({ operations: [filed()] });
  const first = await bench.jobs.submit('file', {});
  await first.result();
  const taken = await bench.store.takeNow(first.id);
  const second = await bench.jobs.submit('file', {});
  await second.result();
  for (const folder of taken?.folders ?? []) expect(Object.values(await second.files())[0]?.path).not.toContain(folder);
  expect(await bench.store.purge(first.id, taken?.takeToken ?? '')).toBe(false);
  expect(await second.record()).toMatchObject({ state: 'completed', generation: 1 });
});

test('a job whose worker is provably dead runs again as soon as somebody opens the store', async () => {
  const clock = createFakeClock();
  const store = shared(clock);
  const operation = filed();
  await using submitter = await openBench({ operations: [operation], clock, store, worker: false });
  const job = await submitter.jobs.submit('file', {});
  const dead = deadOwner(ownerId());
  await store.claim({ owner: dead, leaseMs: 24 * hour, operations: ['file'], limit: 1 });
  await using worker = await openBench({ operations: [operation], clock, store });
  const found = await worker.jobs.get(job.id);
  if (found !== null) await passing(clock, untilState(found, 'completed'));
  expect(await job.record()).toMatchObject({ state: 'completed', losses: 1, attempts: 1 });
});

test('the look of each lease lists what runs only when a process of this host has died, and takes back at once what that one held', async () => {
  const clock = createFakeClock();
  let lists = 0;
  const store = withFaults(shared(clock), { list: (real) => (filter, page) => (lists += 1, real(filter, page)) });
  const operation = filed();
  await using bench = await openBench({ operations: [operation], clock, store });
  const looks = async (count: number): Promise<void> => {
    for (let second = 0; second < count * 34; second += 1) {
      await clock.advance(1_000);
      await new Promise((resolve) => void setTimeout(resolve, 1));
    }
  };
  await looks(1);
  lists = 0;
  await looks(3);
  expect(lists).toBe(0);
  const dead = deadOwner(ownerId());
  await using submitter = await openBench({ operations: [operation], clock, store, workFolder: bench.workFolder, worker: false });
  const job = await submitter.jobs.submit('file', {});
  await store.claim({ owner: dead, leaseMs: 24 * hour, operations: ['file'], limit: 1 });
  await writeFile(join(bench.workFolder, 'ledger', `${dead}.${'a'.repeat(26)}.jsonl`), `${JSON.stringify({ owner: dead, tempFolder: null })}\n`);
  await passing(clock, operation.started(1));
  await passing(clock, job.wait());
  expect(await job.record()).toMatchObject({ state: 'completed', losses: 1 });
  lists = 0;
  await looks(3);
  expect(lists, 'Nothing that it can have claimed is left').toBe(0);
});

test('a job whose worker stopped beating is running again within its lease and one look', async () => {
  const clock = createFakeClock();
  const store = shared(clock);
  const operation = filed();
  await using submitter = await openBench({ operations: [operation], clock, store, worker: false });
  const job = await submitter.jobs.submit('file', {});
  await store.claim({ owner: 'o1-far-away', leaseMs: 30_000, operations: ['file'], limit: 1 });
  await using _worker = await openBench({ operations: [operation], clock, store });
  const openedAt = clock.monotonic();
  await passing(clock, operation.started(1));
  expect(clock.monotonic() - openedAt).toBeLessThanOrEqual(30_000 * 2 + 2_000);
  await passing(clock, job.wait());
  expect(await job.record()).toMatchObject({ state: 'completed', losses: 1 });
});

test('a job that loses its worker three times is a dead letter', async () => {
  const clock = createFakeClock();
  const store = shared(clock);
  await using bench = await openBench({ operations: [filed()], clock, store, worker: false });
  const job = await bench.jobs.submit('file', {});
  for (const state of ['queued', 'queued', 'failed']) {
    expect(await store.claim({ owner: 'o1-far-away', leaseMs: 30_000, operations: ['file'], limit: 1 })).toHaveLength(1);
    expect(await bench.jobs.sweep()).toMatchObject({ lapsed: 0 });
    await clock.advance(30_000);
    expect(await bench.jobs.sweep()).toMatchObject({ lapsed: 1 });
    expect((await job.record()).state).toBe(state);
  }
  await expect(job.result()).rejects.toMatchObject({ code: 'WORKER_LOST' });
  expect(await job.record()).toMatchObject({ deadLetter: 'workers-lost', losses: 3 });
});

test('folders that no record names go, those of a live submitter and of a running claim stay (guard 2)', async () => {
  const gate = Promise.withResolvers<void>();
  const operation = scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out', content: 'x' }, { do: 'wait', for: gate.promise }]] });
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('file', {});
  const { attempt } = await operation.started(1);
  await eventually(() => existsSync(join(attempt.artifacts.folder, 'out')));
  const epoch = await bench.store.epoch();
  const orphan = `jobs/${epoch}/${job.id}/${newToken()}`;
  await mkdir(join(bench.workFolder, orphan), { recursive: true });
  await writeFile(join(bench.workFolder, orphan, 'left'), '123');
  const report = await bench.jobs.sweep();
  expect(report).toMatchObject({ orphans: { folders: 1, files: 1, bytes: 3 }, errors: [] });
  expect(await bench.jobFolders()).toEqual([`jobs/${epoch}/${job.id}/${(await job.record()).claim?.token}`]);
  gate.resolve();
  await job.result();
});

test('what lies under an older epoch goes, records too; what lies under a newer one stays (guards 9 and 10)', async () => {
  await using bench = await openBench({ operations: [filed()] });
  const job = await bench.jobs.submit('file', {});
  await job.result();
  await bench.store.reset();
  const kept = await bench.jobs.submit('file', {});
  await kept.result();
  const newer = `jobs/${newEpoch(bench.clock.now() + 1_000_000)}/mj_x/${newToken()}`;
  await mkdir(join(bench.workFolder, newer), { recursive: true });
  expect(await bench.jobs.sweep()).toMatchObject({ olderEpochs: { folders: 1, files: 1, bytes: 5, records: 1 }, errors: [] });
  expect((await bench.jobFolders()).sort()).toEqual([(await kept.record()).outputFolder ?? '', newer].sort());
});

test('a store that forgets everything leaves the files of other stores alone, until they are long abandoned', async () => {
  const week = 7 * 24 * hour;
  await using bench = await openBench({ operations: [filed()], clock: createFakeClock(Date.now()) });
  const other = `jobs/${newEpoch(bench.clock.now() - 1_000)}/mj_x/${newToken()}`;
  await mkdir(join(bench.workFolder, other), { recursive: true });
  await bench.jobs.sweep();
  expect(await bench.jobFolders()).toEqual([other]);
  bench.clock.jump(week + hour);
  {
    await using _other = await openBench({ operations: [filed()], workFolder: bench.workFolder, worker: false });
    await bench.jobs.sweep();
    expect(await bench.jobFolders()).toEqual([other]);
  }
  await bench.jobs.sweep();
  expect(await bench.jobFolders()).toEqual([]);
});

test('a pass never rejects: what fails stands in its report, and the rest is done all the same', async () => {
  const clock = createFakeClock();
  const store = withFaults(createMemoryStore({ clock }), { due: () => () => Promise.reject(away()) });
  await using bench = await openBench({ operations: [filed()], ttlHours: 1, clock, store, worker: false });
  expect(await bench.jobs.sweep()).toMatchObject({ expired: { jobs: 0 }, errors: [{ path: 'repair' }] });
});

/** The same host and boot, a pid that no process can have. */
function deadOwner(own: string): string {
  return own.replace(/-\d+-(\d+)$/, '-4194304-$1');
}

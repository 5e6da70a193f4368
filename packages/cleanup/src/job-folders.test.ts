import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkFolder, type WorkFolder } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const open = (): Promise<WorkFolder> => openWorkFolder({ folder: scratch.path('work') });

test('a staged folder is in the ledger while it is nobody\'s, and stays when it is handed over', async () => {
  await using work = await open();
  {
    await using staged = await work.stageJobFolder('jobs/epoch/job/token');
    expect(staged.path).toBe(join(work.path, 'jobs/epoch/job/token'));
    expect([...(await work.stagedFolders())]).toEqual([staged.relativePath]);
    expect(await work.listJobFolders()).toEqual(['jobs/epoch/job/token']);
    await staged.handOver();
    await staged.discard();
  }
  expect([...(await work.stagedFolders())]).toEqual([]);
  expect(await work.listJobFolders()).toEqual(['jobs/epoch/job/token']);
});

test('a staged folder that is not handed over is gone after its block, with its empty parents', async () => {
  await using work = await open();
  {
    await using staged = await work.stageJobFolder('jobs/epoch/job/token');
    writeFileSync(join(staged.path, 'input'), 'x');
  }
  expect(scratch.tree(work.jobsFolder)).toEqual([]);
  expect([...(await work.stagedFolders())]).toEqual([]);
});

test('another process\'s view of the ledger shows what this one has staged', async () => {
  await using work = await open();
  await using other = await open();
  await using staged = await work.stageJobFolder('jobs/epoch/job/token');
  expect([...(await other.stagedFolders())]).toEqual([staged.relativePath]);
});

test('closing the work folder leaves a staged folder to whoever knows the records', async () => {
  {
    await using work = await open();
    await work.stageJobFolder('jobs/epoch/job/token');
  }
  await using work = await open();
  expect(await work.listJobFolders()).toEqual(['jobs/epoch/job/token']);
  expect([...(await work.stagedFolders())]).toEqual([]);
});

test('removing a job folder reports what went, and leaves the folders of its neighbours', async () => {
  await using work = await open();
  const path = await work.makeJobFolder('jobs/epoch/job/one');
  await work.makeJobFolder('jobs/epoch/job/two');
  writeFileSync(join(path, 'output'), 'x'.repeat(7));
  await expect(work.removeJobFolder('jobs/epoch/job/one')).resolves.toEqual({ files: 1, bytes: 7 });
  await expect(work.removeJobFolder('jobs/epoch/job/one')).resolves.toEqual({ files: 0, bytes: 0 });
  expect(scratch.tree(work.jobsFolder)).toEqual(['epoch/', 'epoch/job/', 'epoch/job/two/']);
});

test.each(['jobs', 'jobs/a/b', 'jobs/a/b/c/d', 'jobs/a/../b', 'temp/a/b/c', '/jobs/a/b/c', 'jobs/a/b/c d', 'jobs/a/b/'])('the path %j is refused', async (path) => {
  await using work = await open();
  await expect(async () => work.removeJobFolder(path)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(async () => work.stageJobFolder(path)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(async () => work.makeJobFolder(path)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('a link among the folders of jobs is not listed, and removing one never reaches what it leads to', async () => {
  await using work = await open();
  mkdirSync(scratch.path('outside', 'job', 'token'), { recursive: true });
  symlinkSync(scratch.path('outside'), join(work.jobsFolder, 'epoch'));
  await work.makeJobFolder('jobs/other/job/token');
  symlinkSync(scratch.path('outside', 'job'), join(work.jobsFolder, 'other', 'link'));
  symlinkSync(scratch.path('outside', 'job', 'token'), join(work.jobsFolder, 'other', 'job', 'link'));
  expect(await work.listJobFolders()).toEqual(['jobs/other/job/token']);
  await work.removeJobFolder('jobs/other/job/link');
  await expect(work.removeJobFolder('jobs/epoch/job/token')).rejects.toMatchObject({ code: 'CLEANUP_FAILED' });
  expect(existsSync(scratch.path('outside', 'job', 'token'))).toBe(true);
});

test('a sweep removes the empty folders of epochs and jobs only when they are old', async () => {
  await using work = await open();
  mkdirSync(join(work.jobsFolder, 'epoch', 'old'), { recursive: true });
  mkdirSync(join(work.jobsFolder, 'epoch', 'new'), { recursive: true });
  const twoHoursAgo = Date.now() / 1000 - 7200;
  await utimes(join(work.jobsFolder, 'epoch', 'old'), twoHoursAgo, twoHoursAgo);
  await work.sweep();
  expect(scratch.tree(work.jobsFolder)).toEqual(['epoch/', 'epoch/new/']);
});

test.skipIf(!isRoot)('a disk without room for a folder is DISK_FULL, with nothing in the ledger (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=64k,nr_inodes=9');
  await using work = await openWorkFolder({ folder: join(disk, 'work') });
  await expect(work.stageJobFolder('jobs/epoch/job/token')).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect([...(await work.stagedFolders())]).toEqual([]);
});

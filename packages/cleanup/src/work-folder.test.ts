import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWorkFolder } from '@media-jobs/cleanup';
import { ownerId } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { startChild } from './testing/child.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const open = (name = 'work', tempFolder?: string): ReturnType<typeof openWorkFolder> => openWorkFolder({ folder: scratch.path(name), ...(tempFolder === undefined ? {} : { tempFolder }) });

test('a work folder is made with its parts, all for this user only, and a marker with the version', async () => {
  await using work = await open();
  expect(work.path).toBe(realpathSync(scratch.path('work')));
  expect(work.owner).toBe(ownerId());
  expect(readdirSync(work.path).sort()).toEqual(['jobs', 'ledger', 'locks', 'media-jobs.json', 'temp']);
  for (const path of [work.path, work.jobsFolder, work.tempFolder, work.locksFolder, join(work.path, 'ledger')]) expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(JSON.parse(readFileSync(join(work.path, 'media-jobs.json'), 'utf8'))).toEqual({ version: 1, id: expect.stringMatching(/^[a-z2-7]{26}$/) as string });
});

test('closing it removes what is left of its temp files, and its ledger', async () => {
  {
    await using work = await open();
    await work.temp.file();
    const folder = await work.temp.folder();
    writeFileSync(join(folder.path, 'file'), '');
    await work.temp.file({ near: scratch.path('out.wav') });
  }
  expect(scratch.tree(scratch.path())).toEqual(['work/', 'work/jobs/', 'work/ledger/', 'work/locks/', 'work/media-jobs.json', 'work/temp/']);
});

test('two parts of one process share a folder: closing one leaves the files of the other', async () => {
  await using one = await open();
  const mine = await one.temp.file();
  const part = await one.temp.file({ near: scratch.path('out.wav') });
  {
    await using two = await open();
    await two.temp.file();
    expect(await two.sweep()).toEqual({ owners: 0, files: 0, bytes: 0, processes: 0, unjudged: 0, errors: [] });
  }
  expect([existsSync(mine.path), existsSync(part.path)]).toEqual([true, true]);
  expect(readdirSync(one.tempFolder)).toHaveLength(1);
});

test('twenty openings at once, of a folder that is not there, end with one marker and one id', async () => {
  const opened = await Promise.all(Array.from({ length: 20 }, () => open('work', scratch.path('outer'))));
  expect(new Set(opened.map(({ tempFolder }) => tempFolder)).size).toBe(1);
  expect(readdirSync(scratch.path('outer'))).toHaveLength(1);
  for (const work of opened) await work[Symbol.asyncDispose]();
  expect(scratch.tree(scratch.path('work'))).toEqual(['jobs/', 'ledger/', 'locks/', 'media-jobs.json', 'temp/']);
});

test('a temp folder elsewhere is shared with others: this work folder has a folder of its own in it', async () => {
  await using one = await open('one', scratch.path('fast'));
  await using two = await open('two', scratch.path('fast'));
  await using file = await one.temp.file();
  expect(one.tempFolder).not.toBe(two.tempFolder);
  expect(file.path.startsWith(join(realpathSync(scratch.path('fast')), 'media-jobs-'))).toBe(true);
  await one[Symbol.asyncDispose]();
  await using again = await open('one', scratch.path('fast'));
  expect(again.tempFolder).toBe(one.tempFolder);
});

const unsafe = { code: 'WORK_FOLDER_UNSAFE', advice: expect.stringMatching(/./) as string };

test('a link, a file, and a part that is a link are refused', async () => {
  mkdirSync(scratch.path('real'));
  symlinkSync(scratch.path('real'), scratch.path('link'));
  writeFileSync(scratch.path('file'), '');
  await expect(open('link')).rejects.toMatchObject({ ...unsafe, message: expect.stringContaining('got a link') as string });
  await expect(open('file')).rejects.toMatchObject(unsafe);
  await open('work').then((work) => work[Symbol.asyncDispose]());
  rmSync(scratch.path('work', 'temp'), { recursive: true });
  symlinkSync(scratch.path('real'), scratch.path('work', 'temp'));
  await expect(open('work')).rejects.toMatchObject(unsafe);
  expect(scratch.tree(scratch.path('real'))).toEqual([]);
});

test('a link further up the path is fine', async () => {
  mkdirSync(scratch.path('real'));
  symlinkSync(scratch.path('real'), scratch.path('link'));
  await using work = await openWorkFolder({ folder: scratch.path('link', 'work') });
  expect(work.path).toBe(realpathSync(scratch.path('real', 'work')));
});

test('a folder that everybody may write to is refused, unless its sticky bit guards the files in it', async () => {
  mkdirSync(scratch.path('open'));
  chmodSync(scratch.path('open'), 0o777);
  await expect(open('open')).rejects.toMatchObject(unsafe);
  chmodSync(scratch.path('open'), 0o1777);
  await using work = await open('open');
  expect(statSync(work.tempFolder).mode & 0o777).toBe(0o700);
});

test.skipIf(!isRoot)('a folder of another user is refused, whoever that is (as root only)', async () => {
  mkdirSync(scratch.path('theirs'));
  chownSync(scratch.path('theirs'), 65534, 65534);
  await expect(open('theirs')).rejects.toMatchObject(unsafe);
});

test('an empty path is refused: it would mean the current folder', async () => {
  await expect(openWorkFolder({ folder: '' })).rejects.toMatchObject({ code: 'INVALID_OPTION', facts: { option: 'folder' } });
  await expect(open('work', '')).rejects.toMatchObject({ code: 'INVALID_OPTION', facts: { option: 'tempFolder' } });
});

test('the folder of a newer version is refused, and so is a marker that is none', async () => {
  mkdirSync(scratch.path('work'));
  for (const marker of ['{"version":2,"id":"aaaaaaaaaaaaaaaaaaaaaaaaaa"}', '{"version":1,"id":"../../etc"}', '{"version":1}', '', 'null']) {
    writeFileSync(scratch.path('work', 'media-jobs.json'), marker);
    await expect(open()).rejects.toMatchObject(unsafe);
  }
  expect(scratch.tree(scratch.path('work'))).toEqual(['media-jobs.json']);
  writeFileSync(scratch.path('work', 'media-jobs.json'), '{"version":2,"format":"of the future"}');
  await expect(open()).rejects.toMatchObject({ ...unsafe, message: expect.stringContaining('got version 2') as string });
});

test('a folder in which somebody else keeps `jobs` is refused before anything in it could be taken for an orphan', async () => {
  mkdirSync(scratch.path('work', 'jobs', 'precious'), { recursive: true });
  await expect(open()).rejects.toMatchObject(unsafe);
  expect(scratch.tree(scratch.path('work'))).toEqual(['jobs/', 'jobs/precious/']);
});

test('a folder that may not be written to is OUTPUT_UNWRITABLE', async () => {
  scratch.openToOthers();
  mkdirSync(scratch.path('closed'));
  chmodSync(scratch.path('closed'), 0o555);
  const child = startChild('as-nobody', ['open', scratch.path('closed', 'work')]);
  await expect(child.next()).resolves.toMatchObject({ error: { code: 'OUTPUT_UNWRITABLE', facts: { systemCode: 'EACCES' } } });
  await child.kill();
});

test.skipIf(!isRoot)('on a full disk opening is DISK_FULL (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=64k');
  expect(() => writeFileSync(join(disk, 'filler'), Buffer.alloc(65 * 1024))).toThrow('ENOSPC');
  await expect(openWorkFolder({ folder: join(disk, 'work') })).rejects.toMatchObject({ code: 'DISK_FULL' });
});

test('a name with blanks, quotes and line ends is a name like any other', async () => {
  await using work = await open('-rf "it\'s"\n%03d $(touch x) ü');
  await using file = await work.temp.file();
  await using part = await work.temp.file({ near: join(work.path, '--out\n".wav') });
  expect(await work.ledger.entries()).toEqual([{ kind: 'temp', path: file.path }, { kind: 'part', path: part.path }]);
});

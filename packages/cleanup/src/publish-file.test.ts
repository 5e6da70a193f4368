import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempFiles, openWorkFolder, publishFile } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { startChild } from './testing/child.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();

function part(content = 'new'): string {
  const path = scratch.path('.part');
  writeFileSync(path, content);
  return path;
}

test('the part file becomes the target', async () => {
  await publishFile(part(), scratch.path('out'));
  expect(scratch.tree(scratch.path())).toEqual(['out']);
  expect(readFileSync(scratch.path('out'), 'utf8')).toBe('new');
});

test('an existing target stays unless it may be replaced', async () => {
  writeFileSync(scratch.path('out'), 'old');
  await expect(publishFile(part(), scratch.path('out'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', facts: { path: scratch.path('out') } });
  expect(readFileSync(scratch.path('out'), 'utf8')).toBe('old');
  expect(readFileSync(part(), 'utf8')).toBe('new');
  await publishFile(part(), scratch.path('out'), { overwrite: true });
  expect(readFileSync(scratch.path('out'), 'utf8')).toBe('new');
  expect(scratch.tree(scratch.path())).toEqual(['out']);
});

test('of twenty that publish to one target at once exactly one succeeds, and its content is whole', async () => {
  const parts = Array.from({ length: 20 }, (_, index) => scratch.path(`.part-${index}`));
  for (const [index, path] of parts.entries()) writeFileSync(path, String(index));
  const results = await Promise.allSettled(parts.map((path) => publishFile(path, scratch.path('out'))));
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'OUTPUT_EXISTS' });
  expect(readFileSync(scratch.path('out'), 'utf8')).toBe(String(winner));
});

test('a dangling link at the target counts as there, and a link is replaced, not followed', async () => {
  writeFileSync(scratch.path('real'), 'old');
  symlinkSync(scratch.path('nowhere'), scratch.path('dangling'));
  symlinkSync(scratch.path('real'), scratch.path('link'));
  await expect(publishFile(part(), scratch.path('dangling'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  await publishFile(part(), scratch.path('link'), { overwrite: true });
  expect(lstatSync(scratch.path('link')).isSymbolicLink()).toBe(false);
  expect(readFileSync(scratch.path('real'), 'utf8')).toBe('old');
  expect(readlinkSync(scratch.path('dangling'))).toBe(scratch.path('nowhere'));
});

test('a device, a pipe and a folder are never replaced by a file', async () => {
  const special = scratch.specialFiles();
  const kinds = special.map((path) => statSync(path).mode);
  mkdirSync(scratch.path('folder'));
  symlinkSync('pipe', scratch.path('to-pipe'));
  for (const target of [...special, scratch.path('folder'), scratch.path('to-pipe')]) {
    await expect(publishFile(part(), target, { overwrite: true })).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', facts: { path: target } });
  }
  expect(special.map((path) => statSync(path).mode)).toEqual(kinds);
  expect(lstatSync(scratch.path('to-pipe')).isSymbolicLink()).toBe(true);
});

test('a part file that is not there is EMPTY_OUTPUT, and a missing folder OUTPUT_UNWRITABLE', async () => {
  await expect(publishFile(scratch.path('none'), scratch.path('out'))).rejects.toMatchObject({ code: 'EMPTY_OUTPUT' });
  await expect(publishFile(part(), scratch.path('nowhere', 'out'))).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', facts: { systemCode: 'ENOENT' } });
  expect(scratch.tree(scratch.path())).toEqual(['.part']);
});

test('a folder that this user may not write to is OUTPUT_UNWRITABLE, and the part file stays', async () => {
  mkdirSync(scratch.path('closed'));
  const from = part();
  if (isRoot) chownSync(from, 65534, 65534);
  chmodSync(scratch.path('closed'), 0o555);
  scratch.openToOthers();
  const child = startChild('as-nobody', ['publish', from, scratch.path('closed', 'out')]);
  await expect(child.next()).resolves.toMatchObject({ error: { code: 'OUTPUT_UNWRITABLE', facts: { systemCode: 'EACCES' } } });
  await child.kill();
  expect(scratch.tree(scratch.path())).toEqual(['.part', 'closed/']);
});

test('names with line ends, quotes, leading dashes and percent signs are names like any other', async () => {
  const name = scratch.path('--out "%03d"\n$(touch x) ü.wav');
  await using beside = await createTempFiles({ folder: scratch.path('temp') }).file({ near: name });
  writeFileSync(beside.path, 'new');
  await publishFile(beside.path, name);
  expect(readFileSync(name, 'utf8')).toBe('new');
  await expect(publishFile(part(), name)).rejects.toThrow(JSON.stringify(name));
});

test.skipIf(!isRoot)('on another disk the content arrives whole, with its rights, and nothing else is left (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=4m');
  const content = 'x'.repeat(3_000_000);
  const from = part(content);
  chmodSync(from, 0o640);
  await publishFile(from, join(disk, 'out.wav'));
  expect(readFileSync(join(disk, 'out.wav'), 'utf8')).toBe(content);
  expect(statSync(join(disk, 'out.wav')).mode & 0o777).toBe(0o640);
  await expect(publishFile(part(), join(disk, 'out.wav'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  await publishFile(part(), join(disk, 'out.wav'), { overwrite: true });
  expect(readFileSync(join(disk, 'out.wav'), 'utf8')).toBe('new');
  expect(scratch.tree(scratch.path())).toEqual(['disk/', 'disk/out.wav']);
});

test.skipIf(!isRoot)('a disk that fills up while the content is copied is DISK_FULL: no target, no part file there, the source stays (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=1m');
  await using work = await openWorkFolder({ folder: scratch.path('work') });
  const from = part('x'.repeat(3_000_000));
  await expect(publishFile(from, join(disk, 'out'), { temp: work.temp })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(scratch.tree(disk)).toEqual([]);
  expect(existsSync(from)).toBe(true);
  expect(await work.ledger.entries()).toEqual([]);
});

test.skipIf(!isRoot)('an abort while the content is copied leaves no target and no part file (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=8m');
  const stop = new AbortController();
  const from = part('x'.repeat(5_000_000));
  await expect(publishFile(from, join(disk, 'out'), { signal: stop.signal, onBytes: () => stop.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(scratch.tree(disk)).toEqual([]);
  expect(existsSync(from)).toBe(true);
});

test.skipIf(!isRoot)('where no hard link may be made an existing target still stays, and a new one still appears (other users, so as root only)', async () => {
  // The kernel lets nobody link a file that belongs to somebody else (fs.protected_hardlinks), as FAT lets no one link at all.
  const from = part();
  chownSync(scratch.path(), 65534, 65534);
  scratch.openToOthers();
  const publish = async (): Promise<unknown> => {
    const child = startChild('as-nobody', ['publish', from, scratch.path('out')]);
    const answer = await child.next();
    await child.kill();
    return answer;
  };
  await expect(publish()).resolves.toEqual({ result: null });
  expect(readFileSync(scratch.path('out'), 'utf8')).toBe('new');
  part('newer');
  await expect(publish()).resolves.toMatchObject({ error: { code: 'OUTPUT_EXISTS' } });
  expect(readFileSync(scratch.path('out'), 'utf8')).toBe('new');
});

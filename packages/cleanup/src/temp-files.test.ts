import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MediaJobError } from '@media-jobs/foundation';
import { createTempFiles, type LedgerEntry, type LedgerWriter, type TempFiles } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { startChild } from './testing/child.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();

/** A ledger in memory that looks whether things exist at the moment they are written down. */
function watchingLedger(): LedgerWriter & { readonly entries: Set<string>; readonly existedBefore: string[] } {
  const [entries, existedBefore] = [new Set<string>(), [] as string[]];
  return {
    entries,
    existedBefore,
    record: async ({ path }: LedgerEntry) => {
      if (existsSync(path)) existedBefore.push(path);
      entries.add(path);
    },
    forget: async ({ path }: LedgerEntry) => void entries.delete(path),
  };
}

test('a file and a folder are there in their block, for this user only, and gone after it', async () => {
  const temp = createTempFiles({ folder: scratch.path('temp') });
  {
    await using file = await temp.file({ extension: '.wav', prefix: 'decode' });
    await using folder = await temp.folder();
    mkdirSync(join(folder.path, 'deep'));
    writeFileSync(join(folder.path, 'deep', 'file'), 'x');
    expect(basename(file.path)).toMatch(/^decode-.*\.wav$/);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(statSync(scratch.path('temp')).mode & 0o777).toBe(0o700);
  }
  expect(scratch.tree(scratch.path())).toEqual(['temp/']);
});

test('the file is gone after an error in the block, and the error is the one of the block', async () => {
  const temp = createTempFiles({ folder: scratch.path() });
  const body = async (): Promise<void> => {
    await using file = await temp.file();
    writeFileSync(file.path, 'x');
    throw new Error('of the body');
  };
  await expect(body()).rejects.toThrow('of the body');
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test('the file is gone after an abort in the block', async () => {
  const temp = createTempFiles({ folder: scratch.path() });
  const body = async (signal: AbortSignal): Promise<void> => {
    await using file = await temp.file();
    writeFileSync(file.path, 'x');
    await pause(60_000, undefined, { signal });
  };
  const stop = new AbortController();
  const running = body(stop.signal);
  stop.abort();
  await expect(running).rejects.toThrow('aborted');
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test.skipIf(!isRoot)('what cannot be removed never masks the error of the block: it is handed over and stays in the ledger (a mount, so as root only)', async () => {
  const ledger = watchingLedger();
  const reported: MediaJobError[] = [];
  // A mount point cannot be removed, whoever asks.
  const temp = createTempFiles({ folder: scratch.path('temp'), ledger, onCleanupError: (error) => reported.push(error), clock: hurryingClock() });
  let stuck = '';
  const body = async (): Promise<void> => {
    await using folder = await temp.folder();
    stuck = folder.path;
    scratch.tmpfs(join('temp', basename(folder.path), 'mount'), 'size=64k');
    throw new Error('of the body');
  };
  await expect(body()).rejects.toThrow('of the body');
  expect(reported).toMatchObject([{ code: 'CLEANUP_FAILED', facts: { reason: 'EBUSY' } }]);
  expect([...ledger.entries]).toEqual([stuck]);
});

/** A clock on which waiting takes no time. */
function hurryingClock(): NonNullable<Parameters<typeof createTempFiles>[0]['clock']> {
  let now = 0;
  const timer = { cancel: () => undefined, [Symbol.dispose]: () => undefined };
  return { now: () => now, monotonic: () => now, after: () => timer, sleep: async (ms) => void (now += ms) };
}

test('each path is in the ledger before it exists, and out of it after it is gone', async () => {
  const ledger = watchingLedger();
  const temp = createTempFiles({ folder: scratch.path('temp'), ledger });
  {
    await using file = await temp.file();
    await using folder = await temp.folder();
    await using part = await temp.file({ near: scratch.path('out.wav') });
    expect([...ledger.entries]).toEqual([file.path, folder.path, part.path]);
    expect(ledger.existedBefore).toEqual([]);
  }
  expect(ledger.entries.size).toBe(0);
});

test('nothing is created when the ledger cannot be written', async () => {
  const ledger: LedgerWriter = { record: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })), forget: () => Promise.resolve() };
  const temp = createTempFiles({ folder: scratch.path('temp'), ledger });
  await expect(temp.file()).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(temp.folder()).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test('a part file lies hidden beside its target, with its extension and the rights of a new file', async () => {
  const temp = createTempFiles({ folder: scratch.path('temp') });
  writeFileSync(scratch.path('natural'), '');
  {
    await using part = await temp.file({ near: scratch.path('--title "of" \n a %03d.mp4') });
    expect(dirname(part.path)).toBe(scratch.path());
    expect(basename(part.path)).toMatch(/^\.[a-z2-7]{26}\.part\.mp4$/);
    expect(statSync(part.path).mode).toBe(statSync(scratch.path('natural')).mode);
    await using odd = await temp.file({ near: scratch.path('name.with space') });
    expect(basename(odd.path)).toMatch(/\.part$/);
  }
  expect(scratch.tree(scratch.path())).toEqual(['natural']);
});

test('a target in a folder that is missing, or that is no file, is refused before any work', async () => {
  const ledger = watchingLedger();
  const temp = createTempFiles({ folder: scratch.path('temp'), ledger });
  await expect(temp.file({ near: scratch.path('nowhere', 'out.wav') })).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', facts: { systemCode: 'ENOENT' } });
  for (const near of [...scratch.specialFiles(), scratch.path()]) await expect(temp.file({ near })).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(ledger.entries.size).toBe(0);
});

test('what is kept stays, and its entry leaves the ledger', async () => {
  const ledger = watchingLedger();
  const temp = createTempFiles({ folder: scratch.path(), ledger });
  let path = '';
  {
    await using file = await temp.file();
    path = file.path;
    await file.keep();
    await file.remove();
  }
  expect(existsSync(path)).toBe(true);
  expect(ledger.entries.size).toBe(0);
});

test('removing twice, or what is gone already, is no error', async () => {
  const temp = createTempFiles({ folder: scratch.path() });
  await using file = await temp.file();
  rmSync(file.path);
  await file.remove();
  await file.remove();
});

test('the temp folder is made again when somebody has tidied it away', async () => {
  const temp = createTempFiles({ folder: scratch.path('temp', 'below') });
  await using first = await temp.file();
  rmSync(scratch.path('temp'), { recursive: true });
  await using second = await temp.file();
  expect([existsSync(first.path), existsSync(second.path)]).toEqual([false, true]);
});

test('a folder that is a link is refused, also one that took the place of the folder meanwhile; a part file beside a target does not mind', async () => {
  const ledger = watchingLedger();
  for (const name of ['real', 'temp']) mkdirSync(scratch.path(name));
  symlinkSync(scratch.path('real'), scratch.path('link'));
  const [linked, temp] = ['link', 'temp'].map((name) => createTempFiles({ folder: scratch.path(name), ledger })) as [TempFiles, TempFiles];
  const unsafe = { code: 'WORK_FOLDER_UNSAFE', message: expect.stringContaining('got a link') as string };
  await expect(linked.file()).rejects.toMatchObject(unsafe);
  await expect(linked.folder()).rejects.toMatchObject(unsafe);
  await (await temp.file()).remove();
  rmSync(scratch.path('temp'), { recursive: true });
  symlinkSync(scratch.path('real'), scratch.path('temp'));
  await expect(temp.file()).rejects.toMatchObject(unsafe);
  await (await linked.file({ near: scratch.path('out.wav') })).remove();
  expect(scratch.tree(scratch.path('real'))).toEqual([]);
  expect(ledger.entries.size).toBe(0);
});

test('a folder that everybody may write to is refused, unless its sticky bit guards the files in it', async () => {
  const temp = createTempFiles({ folder: scratch.path('open') });
  mkdirSync(scratch.path('open'));
  chmodSync(scratch.path('open'), 0o777);
  await expect(temp.file()).rejects.toMatchObject({ code: 'WORK_FOLDER_UNSAFE' });
  chmodSync(scratch.path('open'), 0o1777);
  await (await temp.file()).remove();
});

test.skipIf(!isRoot)('a folder of another user is refused, whoever that is; but everybody may use one of root with a sticky bit, as /tmp is (as root only)', async () => {
  scratch.openToOthers();
  mkdirSync(scratch.path('theirs'));
  chownSync(scratch.path('theirs'), 65534, 65534);
  await expect(createTempFiles({ folder: scratch.path('theirs') }).file()).rejects.toMatchObject({ code: 'WORK_FOLDER_UNSAFE', message: expect.stringContaining('user 65534') as string });
  mkdirSync(scratch.path('sticky'));
  mkdirSync(scratch.path('roots'));
  chmodSync(scratch.path('sticky'), 0o1777);
  chmodSync(scratch.path('roots'), 0o755);
  expect(await startChild('as-nobody', ['temp', scratch.path('sticky')]).next()).toEqual({ result: dirname(scratch.path('sticky', 'x')) });
  expect(await startChild('as-nobody', ['temp', scratch.path('roots')]).next()).toMatchObject({ error: { code: 'WORK_FOLDER_UNSAFE' } });
  expect(scratch.tree(scratch.path()).filter((name) => !name.endsWith('/'))).toEqual([]);
});

test('an adopted file goes with its block; a link goes and what it leads to stays; a folder is refused', async () => {
  const reported: MediaJobError[] = [];
  const temp = createTempFiles({ folder: scratch.path('temp'), onCleanupError: (error) => reported.push(error) });
  mkdirSync(scratch.path('folder'));
  writeFileSync(scratch.path('folder', 'precious'), 'x');
  writeFileSync(scratch.path('foreign'), '');
  symlinkSync(scratch.path('folder', 'precious'), scratch.path('link'));
  {
    await using foreign = temp.adopt(scratch.path('foreign'));
    await using link = temp.adopt(scratch.path('link'));
    await using gone = temp.adopt(scratch.path('gone'));
    await using folder = temp.adopt(scratch.path('folder'));
    expect([foreign, link, gone, folder].map(({ path }) => basename(path))).toEqual(['foreign', 'link', 'gone', 'folder']);
  }
  expect(reported).toMatchObject([{ code: 'CLEANUP_FAILED', facts: { path: scratch.path('folder') } }]);
  expect(scratch.tree(scratch.path())).toEqual(['folder/', 'folder/precious']);
  expect(readFileSync(scratch.path('folder', 'precious'), 'utf8')).toBe('x');
});

test.skipIf(!isRoot)('a disk without room for another file is DISK_FULL, and leaves neither file nor entry (a mount, so as root only)', async () => {
  const ledger = watchingLedger();
  const disk = scratch.tmpfs('disk', 'size=64k,nr_inodes=1');
  const temp = createTempFiles({ folder: disk, ledger });
  await expect(temp.file()).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(temp.folder()).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(temp.file({ near: join(disk, 'out.wav') })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(scratch.tree(disk)).toEqual([]);
  expect(ledger.entries.size).toBe(0);
});

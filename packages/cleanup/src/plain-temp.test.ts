import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { adoptTempFile, createPlainTempFiles, tempFile, tempFolder } from '@media-jobs/cleanup';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useScratch } from './testing/scratch.ts';

const scratch = useScratch();
// os.tmpdir() reads it, so that these tests do not meet what others keep in the real one.
beforeEach(() => vi.stubEnv('TMPDIR', scratch.path()));
afterEach(() => vi.unstubAllEnvs());

const empty = ['jobs/', 'ledger/', 'locks/', 'media-jobs.json', 'temp/'];

test('a temp file and a temp folder need no work folder, and leave nothing', async () => {
  let root = '';
  {
    await using file = await tempFile({ extension: '.wav', prefix: 'decode' });
    await using folder = await tempFolder();
    writeFileSync(join(folder.path, 'file'), 'x');
    root = dirname(dirname(file.path));
    expect(basename(root)).toBe(`media-jobs-${process.getuid?.() ?? 'user'}`);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(root, 'ledger'))).toHaveLength(2);
  }
  expect(scratch.tree(root)).toEqual(empty);
});

test('a part file beside its target is in a ledger, and goes', async () => {
  {
    await using part = await tempFile({ near: scratch.path('out.wav') });
    expect(dirname(part.path)).toBe(scratch.path());
  }
  expect(scratch.tree(scratch.path()).filter((name) => name.includes('.part'))).toEqual([]);
});

test('what is kept or removed by hand closes the ledger too', async () => {
  const kept = await tempFile();
  const removed = await tempFile();
  await kept.keep();
  await removed.remove();
  await removed.remove();
  expect([existsSync(kept.path), existsSync(removed.path)]).toEqual([true, false]);
  expect(readdirSync(join(dirname(dirname(kept.path)), 'ledger'))).toEqual([]);
});

test('what could not be made leaves no ledger behind', async () => {
  await expect(tempFile({ prefix: '../up' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect(scratch.tree(scratch.path(`media-jobs-${process.getuid?.() ?? 'user'}`))).toEqual(empty);
});

test('a place that somebody else prepared is refused', async () => {
  mkdirSync(scratch.path(`media-jobs-${process.getuid?.() ?? 'user'}`, 'jobs', 'trap'), { recursive: true });
  await expect(tempFile()).rejects.toMatchObject({ code: 'WORK_FOLDER_UNSAFE' });
});

test('a file of somebody else goes with its block, and one that is gone is no error', async () => {
  writeFileSync(scratch.path('theirs'), '');
  {
    await using theirs = adoptTempFile(scratch.path('theirs'));
    await using gone = adoptTempFile(scratch.path('gone'));
    expect([existsSync(theirs.path), existsSync(gone.path)]).toEqual([true, false]);
  }
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test('all three stand together for functions that take temp files, and what fails is told', async () => {
  const reported: string[] = [];
  const temp = createPlainTempFiles({ onCleanupError: ({ code }) => reported.push(code) });
  mkdirSync(scratch.path('folder'));
  {
    await using part = await temp.file({ near: scratch.path('out.mp4') });
    await using folder = await temp.folder({ prefix: 'decode' });
    await using refused = temp.adopt(scratch.path('folder'));
    expect([part, folder, refused].map(({ path }) => existsSync(path))).toEqual([true, true, true]);
    expect(part.path).toMatch(/\.part\.mp4$/);
  }
  expect(reported).toEqual(['CLEANUP_FAILED']);
  expect(scratch.tree(scratch.path()).filter((name) => /part|decode/.test(name))).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resetAll, resettableFolder, type ResetReport } from '@media-jobs/cleanup';
import { startChild } from '../testing/child.ts';
import { isRoot, useScratch } from '../testing/scratch.ts';

const scratch = useScratch();
const nobody = 65534;

/** A thousand files in folders of fifty. */
function fill(folder: string): string[] {
  return Array.from({ length: 1_000 }, (_, index) => {
    const inside = join(folder, `part-${index % 20}`);
    mkdirSync(inside, { recursive: true });
    const path = join(inside, `file-${index}`);
    writeFileSync(path, 'x'.repeat(10));
    return path;
  });
}

const reset = (folder: string): Promise<ResetReport> => resetAll([resettableFolder({ name: 'folder', folder })], { level: 'deep' });

test('all files go, the folders stay, and what links lead to is untouched', async () => {
  const [folder, outside] = [scratch.path('named'), scratch.path('outside')];
  const files = fill(folder);
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'precious');
  symlinkSync(outside, join(folder, 'link-to-folder'));
  symlinkSync(join(outside, 'precious'), join(folder, 'link-to-file'));
  const report = await reset(folder);
  expect(report).toMatchObject({ ok: true, filesDeleted: files.length + 2, left: 0, errors: [] });
  expect(scratch.tree(folder)).toEqual(Array.from({ length: 20 }, (_, index) => `part-${index}/`).sort());
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious');
});

test('a basic reset leaves a named folder alone, and one that is not there is empty', async () => {
  fill(scratch.path('named'));
  expect(await resetAll([resettableFolder({ name: 'a', folder: scratch.path('named') }), resettableFolder({ name: 'b', folder: scratch.path('none') })])).toMatchObject({ ok: true, filesDeleted: 0 });
  expect(await reset(scratch.path('none'))).toMatchObject({ ok: true, filesDeleted: 0 });
});

test('a folder that is a link is refused, and the root of a disk at once', async () => {
  mkdirSync(scratch.path('real'));
  writeFileSync(scratch.path('real', 'file'), 'x');
  symlinkSync(scratch.path('real'), scratch.path('link'));
  expect(await reset(scratch.path('link'))).toMatchObject({ ok: false, filesDeleted: 0, errors: [{ target: 'folder', reason: expect.stringContaining('link') }] });
  expect(existsSync(scratch.path('real', 'file'))).toBe(true);
  expect(() => resettableFolder({ name: 'a', folder: '/' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test.runIf(isRoot)('immutable and busy files among a thousand are named, files that vanish are none of them, and all others are gone (as root only)', async () => {
  const folder = scratch.path('named');
  const files = fill(folder);
  const [busy, vanishing] = [files[500] ?? '', files.slice(0, 200)];
  execFileSync('mount', ['--bind', busy, busy]);
  const immutable = makeImmutable(files[700] ?? '');
  try {
    const resetting = reset(folder);
    for (const path of vanishing) if (existsSync(path)) unlinkSync(path);
    const report = await resetting;
    const stubborn = [busy, ...immutable];
    expect(report.errors.map(({ path }) => path).sort()).toEqual(stubborn.toSorted());
    expect(report.errors.find(({ path }) => path === busy)?.reason).toBe('EBUSY');
    expect(report).toMatchObject({ ok: false, left: stubborn.length, perTarget: { folder: { left: { listed: expect.arrayContaining(stubborn) } } } });
    expect(files.filter((path) => existsSync(path)).sort()).toEqual(stubborn.toSorted());
  } finally {
    execFileSync('umount', [busy]);
    for (const path of immutable) execFileSync('chattr', ['-i', path]);
  }
}, 60_000);

/** The path, where the file system knows of immutable files and this user may make them. */
function makeImmutable(path: string): readonly string[] {
  try {
    execFileSync('chattr', ['+i', path], { stdio: 'ignore' });
    return [path];
  } catch {
    return [];
  }
}

test.runIf(isRoot)('for a user without special rights, folders of others that are closed or read-only are named, and own closed ones are opened (as root only)', async () => {
  scratch.openToOthers();
  const folder = scratch.path('named');
  const files = fill(folder);
  const places = { closed: 0o700, readOnly: 0o555, own: 0o000 };
  for (const name of Object.keys(places)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'file'), 'x');
  }
  for (const path of [folder, ...scratch.tree(folder).map((name) => join(folder, name))]) chownSync(path, nobody, nobody);
  for (const name of ['closed', 'readOnly']) chownSync(join(folder, name), 0, 0);
  for (const [name, mode] of Object.entries(places)) chmodSync(join(folder, name), mode);
  const { result } = (await startChild('as-nobody', ['reset', folder]).next()) as { readonly result: ResetReport };
  expect(Object.fromEntries(result.errors.map(({ path, reason }) => [path, reason]))).toEqual({ [join(folder, 'closed')]: 'EACCES', [join(folder, 'readOnly', 'file')]: 'EACCES' });
  expect(result).toMatchObject({ ok: false, filesDeleted: 1_001, left: 2 });
  expect(files.filter((path) => existsSync(path))).toEqual([]);
  expect(lstatSync(join(folder, 'readOnly', 'file')).size).toBe(1);
}, 60_000);

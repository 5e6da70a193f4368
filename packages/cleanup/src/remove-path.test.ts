import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { removePath, removeTree } from './remove-path.ts';
import { startChild } from './testing/child.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();

/** A clock whose first sleep does something instead of waiting. */
function clockWith(onSleep: () => void): Clock {
  return { ...systemClock, sleep: async () => onSleep() };
}

test('a tree goes whole, and the report counts its files and the bytes that became free', async () => {
  mkdirSync(scratch.path('tree', 'a', 'b'), { recursive: true });
  writeFileSync(scratch.path('tree', 'a', 'one'), 'x'.repeat(10));
  writeFileSync(scratch.path('tree', 'a', 'b', "-rf ' \n%03d ü"), 'x'.repeat(5));
  writeFileSync(scratch.path('held'), 'x'.repeat(100));
  linkSync(scratch.path('held'), scratch.path('tree', 'second name'));
  await expect(removePath(scratch.path('tree'))).resolves.toEqual({ files: 3, bytes: 15 });
  expect(scratch.tree(scratch.path())).toEqual(['held']);
});

test('links are removed, and what they lead to stays', async () => {
  mkdirSync(scratch.path('tree'));
  mkdirSync(scratch.path('outside'));
  writeFileSync(scratch.path('outside', 'precious'), 'x');
  symlinkSync(scratch.path('outside'), scratch.path('tree', 'to-folder'));
  symlinkSync(scratch.path('outside', 'precious'), scratch.path('tree', 'to-file'));
  symlinkSync(scratch.path('nowhere'), scratch.path('tree', 'broken'));
  await removePath(scratch.path('tree'));
  symlinkSync(scratch.path('outside'), scratch.path('link'));
  await removePath(scratch.path('link'));
  expect(scratch.tree(scratch.path())).toEqual(['outside/', 'outside/precious']);
});

test('a path that leads out of the root, by its name or by a link on the way, is refused', async () => {
  mkdirSync(scratch.path('root'));
  mkdirSync(scratch.path('outside', 'folder'), { recursive: true });
  symlinkSync(scratch.path('outside'), scratch.path('root', 'link'));
  for (const path of [scratch.path('root', 'link', 'folder'), scratch.path('outside', 'folder'), scratch.path('root', '..', 'outside')]) {
    await expect(removePath(path, { root: scratch.path('root') })).rejects.toMatchObject({ code: 'CLEANUP_FAILED', facts: { path, reason: 'ELOOP' } });
  }
  expect(scratch.tree(scratch.path())).toEqual(['outside/', 'outside/folder/', 'root/', 'root/link']);
});

test('what is gone already is no error', async () => {
  await expect(removePath(scratch.path('never'))).resolves.toEqual({ files: 0, bytes: 0 });
  writeFileSync(scratch.path('file'), '');
  await expect(removePath(scratch.path('file', 'below'))).resolves.toEqual({ files: 0, bytes: 0 });
});

test('a folder is refused where only a file may go, and stays as it was', async () => {
  mkdirSync(scratch.path('folder'));
  writeFileSync(scratch.path('folder', 'precious'), 'x');
  await expect(removePath(scratch.path('folder'), { filesOnly: true })).rejects.toMatchObject({ code: 'CLEANUP_FAILED', facts: { reason: 'EISDIR' } });
  expect(scratch.tree(scratch.path())).toEqual(['folder/', 'folder/precious']);
});

test('a folder that somebody fills while it is removed is tried again until it is empty', async () => {
  mkdirSync(scratch.path('tree'));
  for (let count = 0; count < 200; count += 1) writeFileSync(scratch.path('tree', `early-${count}`), '');
  // Whoever removes sleeps for the first time when the folder would not go.
  const slept = new AbortController();
  const clock = clockWith(() => slept.abort());
  const removal = removePath(scratch.path('tree'), { clock });
  for (let count = 0; !slept.signal.aborted; count += 1) await writeFile(scratch.path('tree', `late-${count}`), '');
  await removal;
  expect(existsSync(scratch.path('tree'))).toBe(false);
});

test.skipIf(!isRoot)('a busy folder is tried again, and is gone once it is free (a mount point, so as root only)', async () => {
  mkdirSync(scratch.path('tree'));
  const mount = scratch.tmpfs('tree/mount', 'size=64k');
  let sleeps = 0;
  const clock = clockWith(() => {
    if ((sleeps += 1) === 2) scratch.unmount(mount);
  });
  await removePath(scratch.path('tree'), { clock });
  expect(sleeps).toBe(2);
  expect(existsSync(scratch.path('tree'))).toBe(false);
});

test.skipIf(!isRoot)('a folder that stays busy is given up at the limit, with its path and reason, and its neighbours are gone (a mount, so as root only)', async () => {
  mkdirSync(scratch.path('tree'));
  const mount = scratch.tmpfs('tree/mount', 'size=64k');
  writeFileSync(scratch.path('tree', 'neighbour'), '');
  let now = 0;
  const clock: Clock = { ...systemClock, monotonic: () => now, sleep: async (ms) => void (now += ms) };
  await expect(removePath(scratch.path('tree'), { clock })).rejects.toMatchObject({ code: 'CLEANUP_FAILED', facts: { path: mount, reason: 'EBUSY' } });
  expect(now).toBeGreaterThanOrEqual(3_000);
  expect(scratch.tree(scratch.path('tree'))).toEqual(['mount/']);
});

/** `root/closed/inner/file`, all of it of user 65534, and closed to everybody. */
function closedChain(): { readonly root: string; readonly target: string } {
  const [root, closed, target] = [scratch.path('root'), scratch.path('root', 'closed'), scratch.path('root', 'closed', 'inner')];
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'file'), 'x');
  for (const path of [join(target, 'file'), target, closed, root, scratch.path()]) if (isRoot) chownSync(path, 65534, 65534);
  chmodSync(target, 0o000);
  chmodSync(closed, 0o400);
  chmodSync(root, 0o500);
  scratch.openToOthers();
  return { root, target };
}

test('folders of ours that are closed to their owner are opened, and the tree goes', async () => {
  const { root, target } = closedChain();
  const child = startChild('as-nobody', ['remove', target, root]);
  await expect(child.next()).resolves.toEqual({ result: { files: 1, bytes: 1 } });
  expect(scratch.tree(root)).toEqual(['closed/']);
  await child.kill();
});

test('without a root of ours no mode is changed: the removal fails and says where', async () => {
  const { root, target } = closedChain();
  const child = startChild('as-nobody', ['remove-outside', target]);
  await expect(child.next()).resolves.toMatchObject({ error: { code: 'CLEANUP_FAILED', facts: { path: target, reason: 'EACCES' } } });
  await child.kill();
  for (const path of [root, join(root, 'closed'), target]) chmodSync(path, 0o700);
  expect(readFileSync(join(target, 'file'), 'utf8')).toBe('x');
});

/** A thousand files in ten folders. */
function thousandFiles(): void {
  for (let folder = 0; folder < 10; folder += 1) {
    mkdirSync(scratch.path('tree', `${folder}`), { recursive: true });
    for (let file = 0; file < 100; file += 1) writeFileSync(scratch.path('tree', `${folder}`, `${file}`), 'x');
  }
}

test.skipIf(!isRoot)('of a thousand files all go but those that cannot, and each of these is named (mounts, so as root only)', async () => {
  thousandFiles();
  for (const name of ['0', '1', '2']) mkdirSync(scratch.path('tree', '3', 'read-only', name), { recursive: true });
  for (const name of ['0/file', '1/file', 'file']) writeFileSync(scratch.path('tree', '3', 'read-only', name), 'x');
  scratch.readOnly('tree/3/read-only');
  const busy = scratch.tmpfs('tree/4/busy', 'size=64k');
  scratch.readOnly('tree/5/50');
  chmodSync(scratch.path('tree', '6'), 0o000);
  chmodSync(scratch.path('tree', '7', '70'), 0o000);
  let now = 0;
  const clock: Clock = { ...systemClock, monotonic: () => now, sleep: async (ms) => void (now += ms) };
  // Whoever else removes the same tree makes its files vanish under our hands.
  const [report, other] = await Promise.all([removeTree(scratch.path('tree'), { clock }), removeTree(scratch.path('tree'), { clock })]);
  const stuck = (name: string, reason: string): { path: string; reason: string } => ({ path: scratch.path('tree', '3', 'read-only', name), reason });
  const expected = [stuck('0/file', 'EROFS'), stuck('1/file', 'EROFS'), stuck('2', 'EROFS'), stuck('file', 'EROFS'), { path: busy, reason: 'EBUSY' }, { path: scratch.path('tree', '5', '50'), reason: 'EBUSY' }];
  for (const { errors } of [report, other]) expect([...errors].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(expected);
  expect(report.files + other.files).toBe(999);
  expect(scratch.tree(scratch.path('tree')).filter((name) => !name.endsWith('/'))).toEqual(['3/read-only/0/file', '3/read-only/1/file', '3/read-only/file', '5/50']);
  expect(scratch.tree(scratch.path('tree')).filter((name) => /^[^/]+\/$/.test(name))).toEqual(['3/', '4/', '5/']);
});

test('of a thousand files of an ordinary user, unreadable files and closed and read-only folders go as well', async () => {
  thousandFiles();
  for (const [path, mode] of [['tree/1/50', 0o000], ['tree/2', 0o000], ['tree/3', 0o500], ['tree/4', 0o400]] as const) chmodSync(scratch.path(path), mode);
  if (isRoot) execFileSync('chown', ['-R', '65534:65534', scratch.path()]);
  scratch.openToOthers();
  const child = startChild('as-nobody', ['remove-tree', scratch.path('tree'), scratch.path()]);
  await expect(child.next()).resolves.toEqual({ result: { files: 1000, bytes: 1000, errors: [] } });
  await child.kill();
});

test('a removal that is aborted ends between two files, and says why', async () => {
  thousandFiles();
  await expect(removeTree(scratch.path('tree'), { signal: AbortSignal.abort(new Error('the time is over')) })).rejects.toThrow('the time is over');
  expect(scratch.tree(scratch.path('tree'))).toHaveLength(1010);
});

test('an immutable file stays, with the reason, and may go once it is mutable again', async (context) => {
  mkdirSync(scratch.path('tree'));
  writeFileSync(scratch.path('tree', 'fixed'), 'x');
  try {
    execFileSync('chattr', ['+i', scratch.path('tree', 'fixed')], { stdio: 'ignore' });
  } catch {
    context.skip('chattr +i does not work here: it needs root and a file system that knows it');
  }
  try {
    await expect(removePath(scratch.path('tree'), { root: scratch.path() })).rejects.toMatchObject({ code: 'CLEANUP_FAILED', facts: { path: scratch.path('tree', 'fixed'), reason: 'EPERM' } });
  } finally {
    execFileSync('chattr', ['-i', scratch.path('tree', 'fixed')]);
  }
  await expect(removePath(scratch.path('tree'), { root: scratch.path() })).resolves.toEqual({ files: 1, bytes: 1 });
});

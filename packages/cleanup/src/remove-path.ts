import { chmod, lstat, readdir, realpath, rmdir, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { cleanupError, systemCode } from './file-errors.ts';
import { checkAmount, checkPath } from './options.ts';

/** What a removal took away. */
export interface Removed {
  /** Files and links; folders do not count. */
  readonly files: number;
  /** Bytes that became free: files that other hard links still hold do not count. */
  readonly bytes: number;
}

/** Options of `removePath`. */
export interface RemovePathOptions {
  /**
   * Folder of ours around the path. A path that leads out of it, also by a link on the way, is refused; and where a
   * removal is not permitted, the folders from here down are opened with `u+rwx`.
   */
  readonly root?: string;
  /** How long a busy file or a folder that keeps filling is tried again. Default 3,000 ms. */
  readonly retryMs?: number;
  /** Refuses a folder at the path, and so never removes more than one file. Default false. */
  readonly filesOnly?: boolean;
  readonly clock?: Clock;
}

/** For how long a busy file or a folder that somebody still fills is tried again. */
export const defaultRemoveRetryMs = 3_000;

const retryDelayMs = 50;

/**
 * Removes a file, a link, or a folder with all that is in it. Links are removed themselves and never followed. What
 * is gone already is no error. Throws `CLEANUP_FAILED`, with as much removed as could be.
 */
export async function removePath(path: string, options: RemovePathOptions = {}): Promise<Removed> {
  const { root, retryMs = defaultRemoveRetryMs, filesOnly = false, clock = systemClock } = options;
  checkPath('path', path);
  checkAmount('retryMs', retryMs);
  const removal: Removal = { root, filesOnly, clock, deadline: clock.monotonic() + retryMs, files: 0, bytes: 0, failure: undefined };
  await removeInside(removal, path);
  if (removal.failure !== undefined) throw cleanupError(removal.failure.path, removal.failure.error);
  return { files: removal.files, bytes: removal.bytes };
}

interface Removal {
  readonly root: string | undefined;
  readonly filesOnly: boolean;
  readonly clock: Clock;
  readonly deadline: number;
  files: number;
  bytes: number;
  failure: { readonly path: string; readonly error: unknown } | undefined;
}

async function removeInside(removal: Removal, path: string): Promise<void> {
  try {
    if (removal.root !== undefined) await requireInside(removal.root, dirname(path));
  } catch (error) {
    if (!isGone(systemCode(error))) removal.failure = { path, error };
    return;
  }
  await removeTree(removal, path);
}

/** Never throws: one stubborn file does not save its neighbours. The first failure stands in the removal. */
async function removeTree(removal: Removal, path: string): Promise<void> {
  try {
    await insist(removal, path, async () => {
      const stats = await lstat(path);
      if (stats.isDirectory()) return removeFolder(removal, path);
      await unlink(path);
      removal.files += 1;
      if (stats.nlink <= 1) removal.bytes += stats.size;
    });
  } catch (error) {
    removal.failure ??= { path, error };
  }
}

async function removeFolder(removal: Removal, path: string): Promise<void> {
  if (removal.filesOnly) throw Object.assign(new Error('Expected a file, got a folder'), { code: 'EISDIR' });
  for (const name of await listInside(removal, path)) await removeTree(removal, join(path, name));
  if (removal.failure === undefined) await rmdir(path);
}

async function listInside(removal: Removal, path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    await openFolders(removal.root, path);
    return readdir(path);
  }
}

/** Repeats while there is a point in it: after opening folders that were closed, or while something is busy. */
async function insist(removal: Removal, path: string, remove: () => Promise<void>): Promise<void> {
  for (let opened = false; ; ) {
    try {
      return await remove();
    } catch (error) {
      const code = systemCode(error);
      if (isGone(code)) return;
      if (isForbidden(error) && !opened) {
        opened = true;
        await openFolders(removal.root, dirname(path));
      } else if (isBusy(code) && removal.clock.monotonic() < removal.deadline) {
        await removal.clock.sleep(retryDelayMs);
      } else {
        throw error;
      }
    }
  }
}

function isGone(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function isForbidden(error: unknown): boolean {
  return systemCode(error) === 'EACCES' || systemCode(error) === 'EPERM';
}

function isBusy(code: string): boolean {
  return code === 'EBUSY' || code === 'ENOTEMPTY' || code === 'EEXIST';
}

/** Throws unless `folder` is `root`, or a real folder below it. */
async function requireInside(root: string, folder: string): Promise<void> {
  const below = relative(root, folder);
  if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) throw outside(root, folder);
  const found = await realpath(folder).catch(async (error: unknown) => {
    if (!isForbidden(error)) throw error;
    await openFolders(root, folder);
    return realpath(folder);
  });
  if (found !== join(await realpath(root), below)) throw outside(root, found);
}

function outside(root: string, path: string): Error {
  return Object.assign(new Error(`Expected a folder inside ${JSON.stringify(root)}, got ${JSON.stringify(path)}`), { code: 'ELOOP' });
}

/** Gives this user all rights on the folders from `root` down to `folder`. Where that fails, the removal says why. */
async function openFolders(root: string | undefined, folder: string): Promise<void> {
  if (root === undefined) return;
  let current = root;
  for (const name of ['', ...relative(root, folder).split(sep)]) {
    current = join(current, name);
    if (!(await openFolder(current))) return;
  }
}

/** False when it is no real folder, or not ours to open: the removal that follows fails with the reason that matters. */
async function openFolder(folder: string): Promise<boolean> {
  try {
    const stats = await lstat(folder);
    if (!stats.isDirectory()) return false;
    if ((stats.mode & 0o700) !== 0o700) await chmod(folder, (stats.mode & 0o7777) | 0o700);
    return true;
  } catch (error) {
    if (systemCode(error) === '') throw error;
    return false;
  }
}

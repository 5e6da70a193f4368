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

/** What a removal took away, and each thing that it could not. */
export interface RemovalReport extends Removed {
  /** Empty when all is gone. `reason` is the code of the system, such as `EPERM`, where there is one. */
  readonly errors: readonly { readonly path: string; readonly reason: string }[];
}

/** Options of `removePath` and `removeTree`. */
export interface RemovePathOptions {
  /**
   * Folder of ours around the path. A path that leads out of it, also by a link on the way, is refused; and where a
   * removal is not permitted, the folders from here down are opened with `u+rwx`.
   */
  readonly root?: string;
  /** How long to wait in all for what is busy, and for folders that keep filling. Default 3,000 ms. */
  readonly retryMs?: number;
  /** Refuses a folder at the path, and so never removes more than one file. Default false. */
  readonly filesOnly?: boolean;
  /** Ends the removal between two files: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** For how long busy things, and folders that somebody still fills, are tried again. */
export const defaultRemoveRetryMs = 3_000;

/** Before the second try; it doubles from one to the next, for all that is left is looked at each time. */
const firstRetryDelayMs = 50;
const longestRetryDelayMs = 500;

/**
 * Removes a file, a link, or a folder with all that is in it. Links are removed themselves and never followed. What
 * is gone already is no error. Throws `CLEANUP_FAILED`, with as much removed as could be.
 */
export async function removePath(path: string, options: RemovePathOptions = {}): Promise<Removed> {
  const { files, bytes, failures } = await remove(path, options);
  const [first] = failures;
  if (first !== undefined) throw cleanupError(first.path, first.error);
  return { files, bytes };
}

/** `removePath` for whoever must go on: what could not be removed stands in the report, each by its name, and all else is gone. */
export async function removeTree(path: string, options: RemovePathOptions = {}): Promise<RemovalReport> {
  const { files, bytes, failures } = await remove(path, options);
  return { files, bytes, errors: failures.map((failure) => ({ path: failure.path, reason: systemCode(failure.error) || String(failure.error) })) };
}

interface Failure {
  readonly path: string;
  readonly error: unknown;
}

interface Removal {
  readonly root: string | undefined;
  readonly filesOnly: boolean;
  readonly signal: AbortSignal | undefined;
  files: number;
  bytes: number;
  /** Of the present pass. */
  failures: Failure[];
}

/** Passes over what is left, as long as something in it is busy and the time is not over. One that stays so holds up nothing else. */
async function remove(path: string, options: RemovePathOptions): Promise<Removal> {
  const { root, retryMs = defaultRemoveRetryMs, filesOnly = false, clock = systemClock, signal } = options;
  checkPath('path', path);
  checkAmount('retryMs', retryMs);
  const removal: Removal = { root, filesOnly, signal, files: 0, bytes: 0, failures: [] };
  for (let [waited, delay] = [0, firstRetryDelayMs]; ; delay = Math.min(2 * delay, longestRetryDelayMs)) {
    removal.failures = [];
    await removeInside(removal, path);
    if (waited >= retryMs || !removal.failures.some(({ error }) => isBusy(systemCode(error)))) return removal;
    const pause = Math.min(delay, retryMs - waited);
    await clock.sleep(pause, signal);
    waited += pause;
  }
}

async function removeInside(removal: Removal, path: string): Promise<void> {
  try {
    if (removal.root !== undefined) await requireInside(removal.root, dirname(path));
  } catch (error) {
    if (!isGone(systemCode(error))) removal.failures.push({ path, error });
    return;
  }
  await removeOne(removal, path);
}

/** One stubborn file does not save its neighbours: what fails stands in the removal. False when the path is still there. */
async function removeOne(removal: Removal, path: string): Promise<boolean> {
  removal.signal?.throwIfAborted();
  try {
    return await openingFolders(removal, path, async () => {
      const stats = await lstat(path);
      if (stats.isDirectory()) return removeFolder(removal, path);
      await unlink(path);
      removal.files += 1;
      if (stats.nlink <= 1) removal.bytes += stats.size;
      return true;
    });
  } catch (error) {
    if (removal.signal?.aborted === true) throw error;
    if (isGone(systemCode(error))) return true;
    removal.failures.push({ path, error });
    return false;
  }
}

/** A folder that is kept by what could not be removed from it is no failure of its own. */
async function removeFolder(removal: Removal, path: string): Promise<boolean> {
  if (removal.filesOnly) throw Object.assign(new Error('Expected a file, got a folder'), { code: 'EISDIR' });
  let empty = true;
  for (const name of await listInside(removal, path)) empty = (await removeOne(removal, join(path, name))) && empty;
  if (empty) await rmdir(path);
  return empty;
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

/** Tries again once, after opening folders of ours that were closed. */
async function openingFolders(removal: Removal, path: string, act: () => Promise<boolean>): Promise<boolean> {
  try {
    return await act();
  } catch (error) {
    if (!isForbidden(error)) throw error;
    await openFolders(removal.root, dirname(path));
    return act();
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
  return (await openIfClosed(folder)) !== 'refused';
}

/** Gives this user all rights on one folder. `refused`: it is no real folder, or not ours to open. */
export async function openIfClosed(folder: string): Promise<'opened' | 'was-open' | 'refused'> {
  try {
    const stats = await lstat(folder);
    if (!stats.isDirectory()) return 'refused';
    if ((stats.mode & 0o700) === 0o700) return 'was-open';
    await chmod(folder, (stats.mode & 0o7777) | 0o700);
    return 'opened';
  } catch (error) {
    if (systemCode(error) === '') throw error;
    return 'refused';
  }
}

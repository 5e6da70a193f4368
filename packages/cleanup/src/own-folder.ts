import { lstat, mkdir, realpath } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { systemCode, writeError } from './file-errors.ts';

/**
 * Makes the folder, or checks the one that is there. Resolves with its real path: a link further up is fine. Throws
 * `WORK_FOLDER_UNSAFE`, `DISK_FULL`, `OUTPUT_UNWRITABLE`.
 */
export async function ownFolder(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
    if (made === undefined) await requireOwnFolder(path);
    return await realpath(path);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** What `requireOwnFolder` lets pass. */
export interface RequireOwnFolderOptions {
  /** Also a folder of root in which each user may keep files that no other can touch, as `/tmp` is. Default false. */
  readonly orSystemTemp?: boolean;
}

const sticky = 0o1000;
const byOthers = 0o002;

/**
 * Throws `WORK_FOLDER_UNSAFE` unless what is there is a real folder of this user, in which nobody else may remove or exchange
 * files; and what the system says when there is nothing.
 */
export async function requireOwnFolder(path: string, { orSystemTemp = false }: RequireOwnFolderOptions = {}): Promise<void> {
  const stats = await lstat(path);
  const user = process.getuid?.();
  if (stats.isSymbolicLink()) throw unsafe(path, 'a folder', 'a link', 'Give the path that the link leads to.');
  if (!stats.isDirectory()) throw unsafe(path, 'a folder', 'something else', 'Give another path, or remove what is there.');
  const isSystemTemp = orSystemTemp && stats.uid === 0 && (stats.mode & sticky) !== 0;
  if (user !== undefined && stats.uid !== user && !isSystemTemp) throw unsafe(path, `a folder of user ${user}`, `one of user ${stats.uid}`, 'Run as the owner of the folder, give it to this user, or choose another one.');
  if ((stats.mode & (sticky | byOthers)) === byOthers) throw unsafe(path, 'a folder that not everybody may write to', `mode ${(stats.mode & 0o7777).toString(8)}`, 'Take the right to write away from others: chmod o-w.');
}

/** A `WORK_FOLDER_UNSAFE` for something at `path`. */
export function unsafe(path: string, expected: string, got: string, advice: string, cause?: unknown): MediaJobError {
  return new MediaJobError('WORK_FOLDER_UNSAFE', { message: `Expected ${JSON.stringify(path)} to be ${expected}, got ${got}.`, advice, facts: { path }, cause });
}

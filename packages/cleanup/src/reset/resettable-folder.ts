import { lstat, realpath, truncate } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { systemCode } from '../file-errors.ts';
import { checkPath, invalidOption } from '../options.ts';
import { countFiles, emptyFolder } from './empty-folder.ts';
import { openFilesBelow } from './open-files.ts';
import type { ResetControls, ResetRemains, Resettable } from './resettable.ts';

/** Options of `resettableFolder`. */
export interface ResettableFolderOptions {
  /** Unique among the targets of a reset, such as `logs`. */
  readonly name: string;
  /** All files in it go, whoever made them. It and the folders in it stay. A link, or the root of a disk, is refused. */
  readonly folder: string;
  /** `truncate` is for logs: a file that some process holds open becomes empty and stays its file. Default `remove`. */
  readonly openFiles?: 'remove' | 'truncate';
  readonly clock?: Clock;
}

/** Name of the note that tells how many open files were made empty. */
const truncatedNote = 'truncated';

/** A folder that a deep reset empties; a basic one leaves it alone. Throws `INVALID_OPTION`. */
export function resettableFolder({ name, folder, openFiles = 'remove', clock = systemClock }: ResettableFolderOptions): Resettable {
  checkPath('folder', folder);
  const path = resolve(folder);
  if (dirname(path) === path) throw invalidOption('folder', 'a folder of the service', folder, 'All files in it would go: name the one that is meant.');
  if (openFiles !== 'remove' && openFiles !== 'truncate') throw invalidOption('openFiles', '`remove` or `truncate`', openFiles);
  return Object.freeze({
    name,
    kind: 'files' as const,
    async collect(controls: ResetControls): Promise<void> {
      const real = await realFolder(path, controls);
      if (real === undefined) return;
      const held = openFiles === 'truncate' ? await truncateOpen(real, controls) : new Set<string>();
      await emptyFolder(real, controls, { clock, folders: false, keep: (file) => held.has(file) });
    },
    async count({ request, signal }: Pick<ResetControls, 'request' | 'signal'>): Promise<ResetRemains> {
      const real = await realFolder(path, { request });
      if (real === undefined) return { count: 0, listed: [] };
      const held = openFiles === 'truncate' ? await openFilesBelow(real) : new Set<string>();
      return countFiles(real, signal, (file) => held.has(file));
    },
  });
}

/** Nothing where a basic reset leaves it alone, or where there is no such folder. Throws `INVALID_OPTION` for a link. */
async function realFolder(path: string, { request }: Pick<ResetControls, 'request'>): Promise<string | undefined> {
  if (request.level !== 'deep') return undefined;
  const stats = await lstat(path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
  if (stats === undefined) return undefined;
  if (!stats.isDirectory()) throw invalidOption('folder', 'a real folder', stats.isSymbolicLink() ? `a link (${path})` : path, 'Give the path that the link leads to.');
  return realpath(path);
}

/** Makes open files empty, and tells which these are: whoever writes to one goes on, and no log line is lost to a file without a name. */
async function truncateOpen(folder: string, { add, note, fail }: ResetControls): Promise<ReadonlySet<string>> {
  const held = await openFilesBelow(folder);
  let truncated = 0;
  for (const path of held) {
    try {
      const { size } = await lstat(path);
      await truncate(path);
      add({ bytesFreed: size });
      truncated += 1;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') fail(path, error);
    }
  }
  note(truncatedNote, truncated);
  return held;
}

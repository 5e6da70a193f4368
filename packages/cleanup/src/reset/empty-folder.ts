import { join } from 'node:path';
import type { Clock } from '@media-jobs/foundation';
import { systemCode } from '../file-errors.ts';
import { openIfClosed, removeTree } from '../remove-path.ts';
import { clearFolder, type ClearFolderOptions } from './clear-folder.ts';
import { entriesOf } from './entries-of.ts';
import { maxListed, type ResetControls, type ResetRemains } from './resettable.ts';

/** What `emptyFolder` works with. */
export interface EmptyFolderOptions extends Pick<ClearFolderOptions, 'folders' | 'keep'> {
  readonly clock: Clock;
  /** Folders are opened with `u+rwx` where a removal needs it. Default: the folder itself. */
  readonly root?: string;
}

/** Stubborn things that are tried again at a time; each may take three seconds. */
const stubbornAtATime = 16;

/**
 * Removes all that is in a folder, quickly, and then whatever resisted once more with patience: closed folders are opened, busy
 * files are tried again for a while. What stays is named in the report.
 */
export async function emptyFolder(folder: string, controls: Pick<ResetControls, 'add' | 'fail' | 'signal'>, { clock, root = folder, ...options }: EmptyFolderOptions): Promise<void> {
  const { add, fail, signal } = controls;
  const stubborn: { path: string; error: unknown }[] = [];
  await clearFolder(folder, { ...options, signal, onRemoved: (bytes) => add({ filesDeleted: 1, bytesFreed: bytes }), onStubborn: (path, error) => void stubborn.push({ path, error }) });
  for (let begin = 0; begin < stubborn.length && !signal.aborted; begin += stubbornAtATime) {
    await Promise.all(stubborn.slice(begin, begin + stubbornAtATime).map(async ({ path, error }) => {
      // A folder that stays is not removed to be emptied, so it is opened here.
      if (options.folders === false && (await openIfClosed(path)) === 'opened') return emptyFolder(path, controls, { clock, root, ...options });
      const { files, bytes, errors } = await removeTree(path, { root, clock, filesOnly: options.folders === false });
      add({ filesDeleted: files, bytesFreed: bytes });
      for (const failure of errors) fail(failure.path, failure.reason === 'EISDIR' ? error : failure.reason);
    }));
  }
}

/** Counts the files in a folder that should be empty, but those that `keep` names. */
export async function countFiles(folder: string, signal: AbortSignal, keep: (path: string) => boolean = () => false): Promise<ResetRemains> {
  const found = { count: 0, listed: [] as string[] };
  const note = (path: string): void => {
    found.count += 1;
    if (found.listed.length < maxListed) found.listed.push(path);
  };
  await eachFile(folder, signal, keep, note);
  return found;
}

async function eachFile(folder: string, signal: AbortSignal, keep: (path: string) => boolean, note: (path: string) => void): Promise<void> {
  try {
    for await (const entries of entriesOf(folder)) {
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (signal.aborted || keep(path)) continue;
        if (entry.isDirectory()) await eachFile(path, signal, keep, note);
        else note(path);
      }
    }
  } catch (error) {
    // A folder that cannot be read may hold anything.
    if (systemCode(error) !== 'ENOENT') note(folder);
  }
}

/** The sums of what was found in several places. */
export function addRemains(...all: readonly ResetRemains[]): ResetRemains {
  return { count: all.reduce((sum, { count }) => sum + count, 0), listed: all.flatMap(({ listed }) => listed).slice(0, maxListed) };
}

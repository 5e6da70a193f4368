import { lstat, mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MediaJobError, type Clock } from '@media-jobs/foundation';
import { systemCode, writeError } from './file-errors.ts';
import { isJobFolder, type LedgerWriter } from './ledger-entry.ts';
import { invalidOption } from './options.ts';
import { removePath, type Removed } from './remove-path.ts';
import type { WorkFolderPlaces } from './work-folder-places.ts';

/** A folder for a job that the store has not accepted yet. Disposal removes it unless it was handed over. */
export interface StagedFolder extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** As records name it: `jobs/<epoch>/<job id>/<token>`. */
  readonly relativePath: string;
  /** The store's record names it now: it leaves the ledger and stays. */
  readonly handOver: () => Promise<void>;
  /** Nobody needs it: it goes, and leaves the ledger. Throws `CLEANUP_FAILED`; it then stays in the ledger. */
  readonly discard: () => Promise<void>;
}

/** The folders of jobs. Each lies at `jobs/<epoch>/<job id>/<token>`, of names of up to 64 letters, digits, `_` and `-`. */
export interface JobFolders {
  /** Writes the folder into the ledger, then makes it. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`. */
  stageJobFolder(relativePath: string): Promise<StagedFolder>;
  /** Makes the folder of a claim, which its record names already. Resolves with its absolute path. */
  makeJobFolder(relativePath: string): Promise<string>;
  /** Removes a folder with all that is in it, and its parents when they are empty. One that is gone is no error. Throws `CLEANUP_FAILED`. */
  removeJobFolder(relativePath: string): Promise<Removed>;
  /** All that exist, by relative path. To find orphans, ask for these first, then for `stagedFolders`, then for the records. */
  listJobFolders(): Promise<readonly string[]>;
}

/** What the folders of jobs are made of. */
export interface JobFoldersOptions {
  readonly places: WorkFolderPlaces;
  readonly ledger: LedgerWriter;
  readonly clock: Clock;
  readonly onCleanupError: (error: MediaJobError) => void;
}

/** How often a folder is made again when a sweep took its empty parent away in between. */
const makeAttempts = 10;

/** The functions for the folders of jobs in one work folder. */
export function createJobFolders({ places, ledger, clock, onCleanupError }: JobFoldersOptions): JobFolders {
  const absolute = (relativePath: string): string => {
    if (isJobFolder(relativePath)) return join(places.folder, relativePath);
    throw invalidOption('relativePath', 'jobs/<epoch>/<job id>/<token>', relativePath);
  };
  const removeJobFolder = async (relativePath: string): Promise<Removed> => {
    const path = absolute(relativePath);
    const removed = await removePath(path, { root: places.folder, clock });
    if (await removeEmpty(dirname(path))) await removeEmpty(dirname(dirname(path)));
    return removed;
  };
  return {
    removeJobFolder,
    makeJobFolder: (relativePath) => makeFolder(absolute(relativePath)),
    listJobFolders: () => Array.fromAsync(foldersAtDepth(places.folder, 'jobs', 3)),
    async stageJobFolder(relativePath) {
      const path = absolute(relativePath);
      const entry = { kind: 'staged', path } as const;
      const discard = async (): Promise<void> => {
        await removeJobFolder(relativePath);
        await ledger.forget(entry);
      };
      await ledger.record(entry);
      await makeFolder(path).catch(async (error: unknown) => {
        await discard();
        throw error;
      });
      return createStagedFolder({ path, relativePath, discard, handOver: () => ledger.forget(entry), onCleanupError });
    },
  };
}

function createStagedFolder({ path, relativePath, discard, handOver, onCleanupError }: Pick<StagedFolder, 'path' | 'relativePath' | 'discard' | 'handOver'> & Pick<JobFoldersOptions, 'onCleanupError'>): StagedFolder {
  let held = true;
  const end = async (how: () => Promise<void>): Promise<void> => {
    if (held) await how();
    held = false;
  };
  return Object.freeze({
    path,
    relativePath,
    handOver: () => end(handOver),
    discard: () => end(discard),
    [Symbol.asyncDispose]: () => end(discard).catch((error: unknown) => onCleanupError(MediaJobError.from(error))),
  });
}

async function makeFolder(path: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      return path;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || attempt === makeAttempts) throw writeError(path, error);
    }
  }
}

/** Removes a folder only if it is empty. Resolves with whether it is gone. */
async function removeEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    // Somebody uses it, or it may not be removed: an empty folder is no harm.
    if (systemCode(error) === '') throw error;
    return false;
  }
}

/** Relative paths of the real folders that lie `depth` levels below. */
async function* foldersAtDepth(root: string, relativePath: string, depth: number): AsyncGenerator<string> {
  if (depth === 0) {
    yield relativePath;
    return;
  }
  for (const name of await listFolders(join(root, relativePath))) yield* foldersAtDepth(root, `${relativePath}/${name}`, depth - 1);
}

async function listFolders(path: string): Promise<string[]> {
  try {
    return (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Removes the empty folders of epochs and jobs that were last touched before `before`, in milliseconds since 1970. */
export async function removeEmptyJobFolders({ folder }: WorkFolderPlaces, before: number): Promise<void> {
  for (const depth of [2, 1]) {
    for await (const relativePath of foldersAtDepth(folder, 'jobs', depth)) {
      const path = join(folder, relativePath);
      const stats = await lstat(path).catch(() => undefined);
      if (stats !== undefined && stats.mtimeMs < before) await removeEmpty(path);
    }
  }
}

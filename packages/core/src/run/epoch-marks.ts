import { mkdirSync, rmdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { WorkFolder } from '@media-jobs/cleanup';
import type { Logger } from '@media-jobs/foundation';

/** Says on the shared disk in which epochs a runner has work, so that a reset in any process can wait until older work has ended. */
export interface EpochMarks {
  /** Before work of this epoch begins. */
  enter(epoch: string): void;
  /** When it has ended, and nothing of it is left to be written. */
  leave(epoch: string): void;
  /** Where attempts of this epoch make their temp folders. */
  folderOf(epoch: string): string;
}

/** Folders of runners begin with this; they are in the ledger of their owner, so those of dead owners go with the sweep. */
export const attemptsPrefix = 'attempts';

/** The mark is a folder, named by the epoch, in the folder of the runner's attempts. It is there while there is work. */
export function createEpochMarks(attemptsFolder: string, logger: Logger): EpochMarks {
  const working = new Map<string, number>();
  const folderOf = (epoch: string): string => join(attemptsFolder, epoch);
  const change = (epoch: string, act: (path: string) => void): void => {
    try {
      act(folderOf(epoch));
    } catch (error) {
      // Work must not fail for want of a mark: a reset then waits for it no longer than it waits for a dead worker.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') logger.debug({ err: error, epoch }, 'That there is work in an epoch could not be marked');
    }
  };
  return {
    folderOf,
    enter(epoch) {
      const count = working.get(epoch) ?? 0;
      working.set(epoch, count + 1);
      if (count === 0) change(epoch, (path) => mkdirSync(path, { recursive: true, mode: 0o700 }));
    },
    leave(epoch) {
      const count = working.get(epoch) ?? 0;
      if (count > 1) return void working.set(epoch, count - 1);
      working.delete(epoch);
      change(epoch, (path) => rmdirSync(path));
    },
  };
}

/** Work that was found by its mark. */
export interface MarkedWork {
  readonly owner: string;
  /** Absolute: the folder of the runner's attempts. */
  readonly attemptsFolder: string;
  readonly epochs: readonly string[];
}

/** What the runners of all owners work on who are not provably dead, on this host and on others that share the folder. */
export async function findMarkedWork(workFolder: WorkFolder): Promise<readonly MarkedWork[]> {
  const entries = await workFolder.liveEntries();
  const runners = entries.filter(({ kind, path }) => kind === 'temp' && basename(path).startsWith(`${attemptsPrefix}-`));
  return Promise.all(runners.map(async ({ owner, path }) => ({ owner, attemptsFolder: path, epochs: await namesIn(path) })));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

import { mkdirSync, rmdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { WorkFolder } from '@media-jobs/cleanup';
import type { Clock, Logger, Timer } from '@media-jobs/foundation';

/** Says on the shared disk in which epochs a runner has work, so that a reset in any process can wait until older work has ended. */
export interface EpochMarks {
  /** Before work of this epoch begins. */
  enter(epoch: string): void;
  /** When it has ended, and nothing of it is left to be written. The mark stays for `markLingersMs`: mostly the next work follows. */
  leave(epoch: string): void;
  /** Removes at once the marks of epochs before this one that have no work. */
  clear(before: string): void;
  /** Removes at once all that have no work, and from now on those whose work ends. */
  end(): void;
  /** Where attempts of this epoch make their temp folders. */
  folderOf(epoch: string): string;
}

/** Folders of runners begin with this; they are in the ledger of their owner, so those of dead owners go with the sweep. */
export const attemptsPrefix = 'attempts';

/** To make and remove a folder costs more than all else that this package does for a job that does nothing. A reset waits that much longer. */
export const markLingersMs = 100;

export interface EpochMarksOptions {
  readonly attemptsFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The mark is a folder, named by the epoch, in the folder of the runner's attempts. It is there while there is work. */
export function createEpochMarks({ attemptsFolder, clock, logger }: EpochMarksOptions): EpochMarks {
  const working = new Map<string, number>();
  let timer: Timer | undefined;
  let ended = false;
  const folderOf = (epoch: string): string => join(attemptsFolder, epoch);
  const clear = (before?: string): void => {
    for (const [epoch, count] of working) {
      if (count > 0 || (before !== undefined && epoch >= before)) continue;
      working.delete(epoch);
      change(folderOf(epoch), rmdirSync, logger);
    }
  };
  const clearLater = (): void => {
    timer = undefined;
    clear();
  };
  const end = (): void => {
    ended = true;
    timer?.cancel();
    clear();
  };
  return {
    folderOf,
    clear,
    end,
    enter(epoch) {
      const count = working.get(epoch);
      working.set(epoch, (count ?? 0) + 1);
      if (count === undefined) change(folderOf(epoch), make, logger);
    },
    leave(epoch) {
      const left = (working.get(epoch) ?? 1) - 1;
      working.set(epoch, left);
      if (left > 0) return;
      if (ended) clear();
      else timer ??= clock.after(markLingersMs, clearLater);
    },
  };
}

function make(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Work must not fail for want of a mark: a reset then waits for it no longer than it waits for a dead worker. */
function change(path: string, act: (path: string) => void, logger: Logger): void {
  try {
    act(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') logger.debug({ err: error, path }, 'That there is work in an epoch could not be marked');
  }
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

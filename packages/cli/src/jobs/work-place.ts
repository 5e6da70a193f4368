import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resettable } from '@media-jobs/cleanup';
import { createMediaJobs, type AnyMediaJobs, type JobStore } from '@media-jobs/core';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import type { CommandContext, Invocation } from '../command.ts';
import { verboseLogger } from '../line-logger.ts';
import { settingsOf } from '../settings.ts';

/** A work folder that is there, and how to look into it. */
export interface WorkPlace {
  /** Absolute. */
  readonly workFolder: string;
  readonly logger: Logger;
}

/** The work folder that is meant. Makes nothing; throws `WORK_FOLDER_MISSING` when no jobs were ever kept there. */
export async function findWorkPlace(invocation: Invocation, context: CommandContext): Promise<WorkPlace> {
  const { workFolder } = settingsOf(invocation, context.environment);
  if (!(await exists(storeFile(workFolder)))) {
    const got = (await exists(workFolder)) ? 'a folder without jobs.db' : 'nothing';
    throw new MediaJobError('WORK_FOLDER_MISSING', {
      message: `Expected a work folder with jobs at ${JSON.stringify(workFolder)}, got ${got}.`,
      advice: 'Name it with --work-folder or in MEDIA_JOBS_WORK_FOLDER; the first `media-jobs transcribe` makes it.',
      facts: { path: workFolder },
    });
  }
  return { workFolder, logger: verboseLogger(invocation.isSet('verbose'), context) };
}

/** Opens its store, for looking and for what a record alone can tell. */
export function openStore({ workFolder, logger }: WorkPlace): JobStore {
  return createSqliteStore({ file: storeFile(workFolder), logger });
}

/** Opens its jobs for what touches files as well. Nothing is run. Dispose it at once when the command is interrupted. */
export function openJobs(place: WorkPlace, resetTargets: readonly Resettable[] = []): Promise<AnyMediaJobs> {
  // Nothing is submitted here: to write down settings of our own would make the services that use this folder warn.
  const store: JobStore = { ...openStore(place), shareSettings: () => Promise.resolve(null) };
  return createMediaJobs({ operations: [], store, worker: false, workFolder: place.workFolder, resetTargets, logger: place.logger });
}

const storeFile = (workFolder: string): string => join(workFolder, 'jobs.db');

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // Whatever else is wrong with it is told by the store, which knows what to do about it.
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

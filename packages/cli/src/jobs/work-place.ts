import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resettable } from '@media-jobs/cleanup';
import { createMediaJobs, type AnyMediaJobs, type FileStore, type JobStore } from '@media-jobs/core';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import type { CommandContext, CommandOption, Invocation } from '../command.ts';
import { verboseLogger } from '../line-logger.ts';
import { settingsOf } from '../settings.ts';
import { fileStoreOf } from './files-place.ts';
import { redisStoreOf } from './redis-place.ts';

/** A work folder that is there, and how to look into it. */
export interface WorkPlace {
  /** Absolute. */
  readonly workFolder: string;
  readonly logger: Logger;
  /** Opens its store, for looking and for what a record alone can tell. */
  readonly openStore: () => JobStore;
  /** Opens what machines share files by; null where they share the work folder. */
  readonly openFiles: (() => FileStore) | null;
}

/** Where the records of the jobs are, of the commands that look after jobs. */
export const storeOptions: readonly CommandOption[] = [
  { name: 'redis', value: 'URL', about: 'the records are in this Redis; `env` for $REDIS_URL (default: jobs.db in the work folder)' },
  { name: 'prefix', value: 'NAME', about: 'with --redis: the prefix of the service (default: media-jobs)' },
];

/**
 * The work folder that is meant. Makes nothing; throws `WORK_FOLDER_MISSING` when no jobs were ever kept there. Where the
 * records are in Redis, the folder need be there only for a command that touches files.
 */
export async function findWorkPlace(invocation: Invocation, context: CommandContext, { touchesFiles = false } = {}): Promise<WorkPlace> {
  const { workFolder } = settingsOf(invocation, context.environment);
  const logger = verboseLogger(invocation.isSet('verbose'), context);
  const openRedis = await redisStoreOf(invocation, context.environment, logger);
  const openFiles = await fileStoreOf(invocation, context.environment);
  const needed = openRedis === null ? 'jobs.db' : 'jobs';
  const found = await exists(join(workFolder, needed));
  if (!found && (openRedis === null || touchesFiles)) {
    const got = (await exists(workFolder)) ? `a folder without ${needed}` : 'nothing';
    throw new MediaJobError('WORK_FOLDER_MISSING', {
      message: `Expected a work folder with jobs at ${JSON.stringify(workFolder)}, got ${got}.`,
      advice: openRedis === null
        ? 'Name it with --work-folder or in MEDIA_JOBS_WORK_FOLDER; the first `media-jobs transcribe` makes it. Records in Redis need --redis.'
        : 'Name the work folder of the service with --work-folder or in MEDIA_JOBS_WORK_FOLDER: the files of its jobs are there.',
      facts: { path: workFolder },
    });
  }
  return { workFolder, logger, openFiles, openStore: openRedis ?? (() => createSqliteStore({ file: join(workFolder, 'jobs.db'), logger })) };
}

/** Opens its jobs for what touches files as well. Nothing is run. Dispose it at once when the command is interrupted. */
export function openJobs(place: WorkPlace, resetTargets: readonly Resettable[] = []): Promise<AnyMediaJobs> {
  // Nothing is submitted here: to write down settings of our own would make the services that use this folder warn.
  const store: JobStore = { ...place.openStore(), shareSettings: () => Promise.resolve(null) };
  return createMediaJobs({ operations: [], store, worker: false, workFolder: place.workFolder, ...(place.openFiles === null ? {} : { files: place.openFiles() }), resetTargets, logger: place.logger });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // Whatever else is wrong with it is told by the store, which knows what to do about it.
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

import { join } from 'node:path';
import { requireDiskSpace, withLock, type Removed, type StagedFolder } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { fetchStored } from '../files/fetch-stored.ts';
import type { StoredFile } from '../ports/file-store.ts';
import { retryDelayMs } from '../resilience/retry.ts';
import { sizeOf } from './artifacts.ts';
import { placeOf, type RunContext } from './run-context.ts';

/** A file as a record names it. */
export type NamedFile = Pick<StoredFile, 'sha256' | 'bytes'> & { readonly name: string };

/** A submit gives up after so many tries; the end of an attempt goes on until its signal aborts, for the work is done. */
export const triesOfSubmit = 5;
const backOff = { retryBaseMs: 250, retryCapMs: 5_000 };

/** Gives the files of a local folder to the file store, before any record names them. Does nothing where all machines share the folder. Throws what `FileStore.put` does. */
export async function publishFiles(context: RunContext, folder: string, files: readonly NamedFile[], signal: AbortSignal, maxTries = Infinity): Promise<void> {
  const { files: store, clock, random, logger } = context;
  if (store === null) return;
  for (const { name, sha256, bytes } of files) {
    for (let tries = 1; ; tries += 1) {
      try {
        await store.put({ folder, sha256, bytes }, placeOf(context, folder, name), { signal });
        break;
      } catch (error) {
        const mistake = MediaJobError.from(error);
        if (mistake.code !== 'FILES_UNAVAILABLE' || signal.aborted || tries >= maxTries) throw mistake;
        logger.warn({ err: mistake, folder, name, tries }, 'The file store does not take a file; it is tried again');
        await clock.sleep(retryDelayMs(tries, { ...backOff, random }), signal).catch(() => undefined);
      }
    }
  }
}

/** Sees to it that the files lie in the local folder: what is missing is fetched, by one process at a time. Throws what `fetchStored` and `withLock` do. */
export async function provideFiles(context: RunContext, folder: string, files: readonly NamedFile[], signal: AbortSignal, onFetch?: () => void): Promise<void> {
  const { files: store, workFolder, diskReserveBytes: reserveBytes, clock, logger, random } = context;
  if (store === null || (await missingOf(context, folder, files)).length === 0) return;
  onFetch?.();
  const lock = join(workFolder.locksFolder, `fetch-${folder.split('/').at(-1) ?? ''}`);
  await withLock(lock, { signal, logger, clock, waitMs: Infinity }, async (held) => {
    const missing = await missingOf(context, folder, files);
    await requireDiskSpace(workFolder.path, { bytes: missing.reduce((sum, { bytes }) => sum + bytes, 0), reserveBytes });
    const options = { store, clock, logger, random, reserveBytes, signal: held.signal };
    for (const { name, sha256, bytes } of missing) await fetchStored(options, { folder, sha256, bytes }, placeOf(context, folder, name));
  });
}

async function missingOf(context: RunContext, folder: string, files: readonly NamedFile[]): Promise<readonly NamedFile[]> {
  const sizes = await Promise.all(files.map(({ name }) => sizeOf(placeOf(context, folder, name))));
  return files.filter(({ bytes }, index) => sizes[index] !== bytes);
}

/** Removes a folder of a job, here and in the file store. Throws `CLEANUP_FAILED`, `FILES_UNAVAILABLE`. */
export async function removeJobFiles({ workFolder, files, closed }: Pick<RunContext, 'workFolder' | 'files' | 'closed'>, folder: string): Promise<Removed> {
  const here = await workFolder.removeJobFolder(folder);
  if (files === null) return here;
  const there = await files.remove(folder, { signal: closed });
  return { files: here.files + there.files, bytes: here.bytes + there.bytes };
}

/**
 * A staged folder whose files the store has as well: what is discarded goes from both. Once the job is accepted, a process that runs nothing
 * keeps no copy.
 */
export function shareStaged(context: RunContext, staged: StagedFolder): StagedFolder {
  const { files, worker, closed, logger } = context;
  if (files === null) return staged;
  const discard = async (): Promise<void> => {
    await files.remove(staged.relativePath, { signal: closed });
    await staged.discard();
  };
  return {
    path: staged.path,
    relativePath: staged.relativePath,
    handOver: () => (worker ? staged.handOver() : staged.discard()),
    discard,
    [Symbol.asyncDispose]: () => discard().catch(async (error: unknown) => {
      logger.warn({ err: MediaJobError.from(error), folder: staged.relativePath }, 'What was stored of a job that was not accepted could not be removed; a later sweep does it');
      await staged[Symbol.asyncDispose]();
    }),
  };
}

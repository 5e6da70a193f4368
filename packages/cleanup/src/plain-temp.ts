import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock, type Clock, type Logger, type MediaJobError } from '@media-jobs/foundation';
import { createTempFiles, type TempFileOptions, type TempFiles } from './temp-files.ts';
import type { TempFile, TempFolder } from './temp-thing.ts';
import { openWorkFolder, type WorkFolder } from './work-folder.ts';

/** Options of temp files that need no work folder of the caller's. */
export interface PlainTempOptions {
  /** Told of what could not be removed on disposal. Default: a warning to `logger`. */
  readonly onCleanupError?: (error: MediaJobError) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/**
 * A temp file in `media-jobs-<user id>` in the system's temp folder, a work folder of its own: what `kill -9` left there
 * goes with the next call by the same user. Where many are needed, open a work folder once. Throws
 * `WORK_FOLDER_UNSAFE`, `DISK_FULL`, `OUTPUT_UNWRITABLE`.
 */
export function tempFile(options: TempFileOptions & PlainTempOptions = {}): Promise<TempFile> {
  return inPlainFolder(options, (folder) => folder.temp.file(options));
}

/** A temp folder in the place of `tempFile`, with the same promises. */
export function tempFolder(options: { readonly prefix?: string } & PlainTempOptions = {}): Promise<TempFolder> {
  return inPlainFolder(options, (folder) => folder.temp.folder(options));
}

/** Makes a file of somebody else disposable. One that is gone already is no error; a folder is refused. It is in no ledger: after `kill -9` it stays. */
export function adoptTempFile(path: string, options: PlainTempOptions = {}): TempFile {
  return createTempFiles({ ...options, folder: plainFolder() }).adopt(path);
}

/** `tempFile`, `tempFolder` and `adoptTempFile` in one, for functions that take `TempFiles` and are given none. Nothing is done before the first is asked for. */
export function createPlainTempFiles(options: PlainTempOptions = {}): TempFiles {
  return Object.freeze({
    file: (own?: TempFileOptions) => tempFile({ ...own, ...options }),
    folder: (own?: { readonly prefix?: string }) => tempFolder({ ...own, ...options }),
    adopt: (path: string) => adoptTempFile(path, options),
  });
}

function plainFolder(): string {
  return join(tmpdir(), `media-jobs-${process.getuid?.() ?? 'user'}`);
}

/** The work folder is open for as long as the thing that was made in it. */
async function inPlainFolder(options: PlainTempOptions, make: (folder: WorkFolder) => Promise<TempFile>): Promise<TempFile> {
  const { logger = silentLogger, clock = systemClock, onCleanupError } = options;
  const folder = await openWorkFolder({ folder: plainFolder(), logger, clock, ...(onCleanupError === undefined ? {} : { onCleanupError }) });
  try {
    const made = await make(folder);
    return closingWith(made, folder);
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

function closingWith(made: TempFile, folder: WorkFolder): TempFile {
  const close = (): PromiseLike<void> => folder[Symbol.asyncDispose]();
  return Object.freeze({
    path: made.path,
    keep: () => made.keep().then(close),
    remove: () => made.remove().then(close),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]().then(close),
  });
}

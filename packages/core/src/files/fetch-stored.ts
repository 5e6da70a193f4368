import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { FileWriter, publishFile } from '@media-jobs/cleanup';
import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import type { FileStore, StoredFile } from '../ports/file-store.ts';
import { retryDelayMs } from '../resilience/retry.ts';
import { filesAborted, filesUnavailable } from './file-errors.ts';

/** What a fetch works with. */
export interface FetchStoredOptions {
  readonly store: FileStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Kept free on the disk. */
  readonly reserveBytes: number;
  readonly signal: AbortSignal;
}

/** Tries in a row that bring nothing; each that brings something starts the count anew. */
const maxTries = 5;
const backOff = { retryBaseMs: 500, retryCapMs: 10_000 };

/** How long the store may be silent in the middle of a file. */
const stallMs = 30_000;

/** Where the beginning of a file lies until the rest has come. */
export function partOf({ sha256 }: StoredFile, target: string): string {
  return join(dirname(target), `.${sha256}.part`);
}

/**
 * Brings a stored file to `target`, in constant memory: to a part file beside it, which is gone on with where it was after a cut, or after
 * the end of the process. It has its name only when size and digest are right. The caller sees to it that nobody else does the same. Throws
 * `FILES_UNAVAILABLE` after some tries, `FILE_MISSING`, `FILE_MISMATCH` when it came wrong twice, `DISK_FULL`, `OUTPUT_UNWRITABLE`, `ABORTED`.
 */
export async function fetchStored(options: FetchStoredOptions, file: StoredFile, target: string): Promise<void> {
  const { clock, logger, random, signal } = options;
  const part = partOf(file, target);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  let wrong = false;
  for (let tries = 1; ; tries += 1) {
    const before = await sizeThere(part);
    try {
      await receiveRest(options, file, part);
      return await publishFile(part, target, { overwrite: true });
    } catch (error) {
      const mistake = signal.aborted ? filesAborted('fetch a stored file', signal) : MediaJobError.from(error);
      const again = mistake.code === 'FILES_UNAVAILABLE' || (mistake.code === 'FILE_MISMATCH' && !wrong);
      if (mistake.code === 'FILE_MISMATCH') {
        wrong = true;
        await rm(part, { force: true });
      }
      if ((await sizeThere(part)) > before) tries = 1;
      if (!again || tries >= maxTries) throw mistake;
      logger.warn({ err: mistake, folder: file.folder, sha256: file.sha256, tries }, 'A stored file did not come whole; the rest is asked for again');
      await clock.sleep(retryDelayMs(tries, { ...backOff, random }), signal).catch(() => undefined);
    }
  }
}

/** Hashes what is there, appends what is not, and compares. What has come stays when this throws. */
async function receiveRest({ store, reserveBytes, clock, signal }: FetchStoredOptions, file: StoredFile, part: string): Promise<void> {
  await (await open(part, 'a', 0o600)).close();
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(part, { signal })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  if (bytes < file.bytes) {
    const writer = await FileWriter.openAt(part, reserveBytes, bytes);
    try {
      for await (const chunk of withoutStalling(await store.open(file, bytes, { signal }), clock)) {
        const written = writer.append(chunk);
        hash.update(chunk);
        bytes += chunk.length;
        await written;
        if (bytes > file.bytes) break;
      }
    } finally {
      await writer.close();
    }
    if (bytes < file.bytes) throw filesUnavailable('fetch a stored file to its end', new Error(`an end after ${bytes} of ${file.bytes} bytes`));
  }
  if (bytes !== file.bytes) throw mismatch(file, `more than ${file.bytes} bytes`);
  const sha256 = hash.digest('hex');
  if (sha256 !== file.sha256) throw mismatch(file, sha256);
}

/** Whatever breaks a stream is the store's fault; so is silence. */
async function* withoutStalling(stream: Readable, clock: Clock): AsyncGenerator<Buffer> {
  const wait = (): { cancel(): void } => clock.after(stallMs, () => stream.destroy(new Error(`nothing for ${stallMs} ms`)));
  let timer = wait();
  try {
    for await (const chunk of stream) {
      timer.cancel();
      yield chunk as Buffer;
      timer = wait();
    }
  } catch (error) {
    throw MediaJobError.isInstance(error) ? error : filesUnavailable('fetch a stored file to its end', error);
  } finally {
    timer.cancel();
  }
}

async function sizeThere(path: string): Promise<number> {
  return (await lstat(path).catch(() => undefined))?.size ?? 0;
}

function mismatch({ folder, sha256 }: StoredFile, got: string): MediaJobError {
  return new MediaJobError('FILE_MISMATCH', {
    message: `Expected the file store to hold ${sha256} of ${folder}, got ${got}.`,
    advice: 'Somebody has changed the file there, or the way from it changes files: submit the job again.',
    facts: { folder, sha256, got },
  });
}

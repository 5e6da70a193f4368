import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { writeError } from '../file-errors.ts';
import { requireWritableTarget } from '../output-target.ts';
import { publishFile } from '../publish-file.ts';
import { abortError, fetchError, lateError, shownUrl } from './fetch-errors.ts';
import { fetchOnce, type Source } from './fetch-once.ts';
import { resolveFetchOptions, type FetchFileOptions, type ResolvedFetchOptions } from './fetch-options.ts';
import { PartFile, removePart } from './part-file.ts';

/** A file that was downloaded and stands in its place. */
export interface FetchedFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The one of `urls` that it came from, in the end; without user, password and query. */
  readonly url: string;
}

/** A try that brings so much is progress, and not counted. */
const progressBytes = 1024 * 1024;
const longestPauseMs = 30_000;

/** What is over with these is over: another try or mirror would not help. */
const final: ReadonlySet<string> = new Set(['ABORTED', 'CANCELLED', 'TIMEOUT', 'DISK_FULL', 'OUTPUT_UNWRITABLE', 'INPUT_TOO_LARGE', 'INVALID_OPTION']);
/** After these the unfinished file is of no use, or in the way. */
const hopeless: ReadonlySet<string> = new Set(['DISK_FULL', 'INPUT_TOO_LARGE', 'DOWNLOAD_MISMATCH', 'DOWNLOAD_REFUSED', 'INVALID_OPTION']);

/**
 * Downloads a file. It appears at `target` whole, of the expected size and checksum, or not at all. A transfer that is
 * cut off, stalls or fails is gone on with where it ended, also by another process after this one was killed, as long
 * as the file can be shown to be the same: by its checksum, or by what the server calls its state. Whoever shares a
 * part file holds a lock on it (`withLock`).
 *
 * Throws `DOWNLOAD_REFUSED`, `DOWNLOAD_UNAVAILABLE`, `DOWNLOAD_OVERLOADED`, `DOWNLOAD_MISMATCH`, `INPUT_TOO_LARGE`,
 * `DISK_FULL`, `OUTPUT_UNWRITABLE`, `STALLED`, `TIMEOUT`, `ABORTED`, `INVALID_OPTION`, or what `checkUrl` threw. The part
 * file stays after an error that can pass, and goes with any other.
 */
export async function fetchFile(options: FetchFileOptions): Promise<FetchedFile> {
  const resolved = resolveFetchOptions(options);
  const target = resolve(resolved.target);
  await requireWritableTarget(target, true);
  await makeFolders(target, resolve(resolved.partFile));
  try {
    return await download({ ...resolved, target, partFile: resolve(resolved.partFile) });
  } catch (thrown) {
    const error = MediaJobError.from(thrown);
    if (hopeless.has(error.code)) await removePart(resolve(resolved.partFile));
    throw error;
  }
}

async function makeFolders(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
      throw writeError(file, error);
    });
  }
}

async function download(options: ResolvedFetchOptions): Promise<FetchedFile> {
  const first = options.urls[0] ?? new URL('http://none.invalid');
  const control = new AbortController();
  const onAbort = (): void => control.abort(abortError(first, options.signal ?? control.signal));
  if (options.signal?.aborted === true) onAbort();
  options.signal?.addEventListener('abort', onAbort);
  using _limit = options.timeoutMs === Infinity ? undefined : options.clock.after(options.timeoutMs, () => control.abort(lateError(first, options.timeoutMs)));
  try {
    return await tryAll(options, control.signal);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Each URL in turn; the error of the last one, with what came of the others. */
async function tryAll(options: ResolvedFetchOptions, signal: AbortSignal): Promise<FetchedFile> {
  const failures: { readonly url: string; readonly reason: string }[] = [];
  let last: MediaJobError | undefined;
  for (const url of options.urls) {
    try {
      return await trySource({ url, liesAboutRanges: false }, options, signal);
    } catch (thrown) {
      last = MediaJobError.from(thrown);
      if (final.has(last.code) || last.code === 'UNKNOWN' || signal.aborted) throw last;
      failures.push({ url: shownUrl(url), reason: last.message });
      options.logger.warn({ err: last, url: shownUrl(url) }, 'A download failed');
    }
  }
  if (last === undefined || failures.length === 1) throw last ?? new TypeError('No URL was tried.');
  const { code, message, advice, facts, retryAfterMs } = last;
  throw new MediaJobError(code, { message: `${message} ${failures.length - 1} other sources failed as well.`, ...(advice === undefined ? {} : { advice }), facts: { ...facts, failures }, cause: last, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** Tries one URL until it gives the file, or has failed too often. */
async function trySource(source: Source, options: ResolvedFetchOptions, signal: AbortSignal): Promise<FetchedFile> {
  for (let fruitless = 0; ; ) {
    await using part = await PartFile.open(options.partFile);
    const before = part.size;
    try {
      signal.throwIfAborted();
      await fetchOnce(source, part, options, signal);
      return await finish(source, part, options);
    } catch (thrown) {
      const error = MediaJobError.from(thrown);
      if (signal.aborted) throw signal.reason;
      if (!error.retryable || error.code === 'DISK_FULL' || error.code === 'UNKNOWN') throw error;
      fruitless = part.size - before >= progressBytes ? 0 : fruitless + 1;
      if (fruitless >= options.tries || (error.retryAfterMs ?? 0) > options.maxRetryAfterMs) throw error;
      options.logger.debug({ err: error, url: shownUrl(source.url), bytes: part.size }, 'A download goes on after a pause');
      await options.clock.sleep(pauseMs(error, fruitless, options), signal);
    }
  }
}

function pauseMs({ retryAfterMs }: MediaJobError, fruitless: number, { retryBaseMs, random }: ResolvedFetchOptions): number {
  return retryAfterMs ?? random() * Math.min(longestPauseMs, retryBaseMs * 2 ** fruitless);
}

/** Compares the whole with what is expected, and puts it in its place. */
async function finish(source: Source, part: PartFile, options: ResolvedFetchOptions): Promise<FetchedFile> {
  const { expected, target } = options;
  const { sha256, sha1 } = await part.digests();
  const got = { bytes: part.size, sha256, sha1 };
  const wrong = (['bytes', 'sha256', 'sha1'] as const).find((name) => expected[name] !== undefined && String(expected[name]).toLowerCase() !== String(got[name]));
  if (wrong !== undefined) throw await mismatch(source, part, wrong, String(expected[wrong]), String(got[wrong]));
  await publishFile(part.path, target, { overwrite: true });
  await removePart(part.path);
  return Object.freeze({ path: target, bytes: part.size, sha256, url: shownUrl(source.url) });
}

/** Bytes of two answers may belong to two states of the file: that is worth another try, from the start. */
async function mismatch(source: Source, part: PartFile, what: string, expected: string, got: string): Promise<MediaJobError> {
  const { isPatched } = part;
  source.liesAboutRanges ||= isPatched;
  await removePart(part.path);
  return fetchError(isPatched ? 'DOWNLOAD_UNAVAILABLE' : 'DOWNLOAD_MISMATCH', source.url, `a file of ${what} ${expected}`, `one of ${got}`, { facts: { expected, got } });
}

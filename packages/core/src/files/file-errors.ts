import { MediaJobError } from '@media-jobs/foundation';
import type { StoredFile } from '../ports/file-store.ts';

/** A `FILE_MISSING`: the store answers, and does not have the file. For adapters of `FileStore`. */
export function fileMissing({ folder, sha256 }: Pick<StoredFile, 'folder' | 'sha256'>, cause?: unknown): MediaJobError {
  return new MediaJobError('FILE_MISSING', {
    message: `Expected the file store to hold ${sha256} of ${folder}, got none.`,
    advice: 'Submit the job again; where that happens often, look who else removes files there.',
    facts: { folder, sha256 },
    cause,
  });
}

/** A `FILES_UNAVAILABLE`: what lies beneath the store does not answer, or cut the transfer off. For adapters of `FileStore`. */
export function filesUnavailable(what: string, cause?: unknown): MediaJobError {
  const why = MediaJobError.from(cause).message;
  return new MediaJobError('FILES_UNAVAILABLE', {
    message: `Expected to ${what}, got ${why}.`,
    advice: 'Check that the file store can be reached from this machine, and that its credentials allow it.',
    facts: { what },
    cause,
  });
}

/** What an aborted call rejects with. For adapters of `FileStore`. */
export function filesAborted(what: string, signal: AbortSignal): MediaJobError {
  if (MediaJobError.isInstance(signal.reason)) return signal.reason;
  return new MediaJobError('ABORTED', { message: `Expected to ${what}, got an abort.`, advice: 'Ask for it again if that was not meant.', cause: signal.reason });
}

/** An `INPUT_CHANGED`: a local file is not what it is to be stored as. For adapters of `FileStore`. */
export function sourceChanged(path: string, expected: string, got: string): MediaJobError {
  return new MediaJobError('INPUT_CHANGED', {
    message: `Expected ${JSON.stringify(path)} to be ${expected}, got ${got}.`,
    advice: 'Store a file only when its writer has ended.',
    facts: { path, expected, got },
  });
}

/**
 * Makes one call of a `FileStore`. What is no `MediaJobError` becomes `FILES_UNAVAILABLE`: a share or server that is away looks like any other
 * fault. A signal that has aborted outranks both. For adapters.
 */
export async function fileCall<Result>(what: string, signal: AbortSignal | undefined, act: () => Promise<Result>): Promise<Result> {
  const stopped = (): MediaJobError | undefined => (signal?.aborted === true ? filesAborted(what, signal) : undefined);
  const before = stopped();
  if (before !== undefined) throw before;
  try {
    return await act();
  } catch (error) {
    throw stopped() ?? (MediaJobError.isInstance(error) ? error : filesUnavailable(what, error));
  }
}

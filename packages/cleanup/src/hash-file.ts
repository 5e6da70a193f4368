import { MediaJobError } from '@media-jobs/foundation';
import { digestBytes, type FileDigest, type ReadControls } from './copy-bytes.ts';
import { readError } from './input-errors.ts';
import { openInput } from './open-input.ts';

/**
 * Reads a file once, in constant memory, and resolves with its size and sha256. Throws `INPUT_MISSING`,
 * `INPUT_UNREADABLE`, `INPUT_NOT_FILE`, and `ABORTED` when the signal aborts.
 */
export async function hashFile(path: string, controls: ReadControls = {}): Promise<FileDigest> {
  await using handle = await openInput(path);
  try {
    return await digestBytes(handle, controls);
  } catch (error) {
    throw controls.signal?.aborted === true ? abortedError(path, controls.signal) : readError(path, error);
  }
}

/** The signal's reason when it is one of our errors, else an `ABORTED` that has it as its cause. */
export function abortedError(path: string, signal: AbortSignal): MediaJobError {
  if (MediaJobError.isInstance(signal.reason)) return signal.reason;
  return new MediaJobError('ABORTED', {
    message: `Expected to read ${JSON.stringify(path)} to its end, got an abort.`,
    advice: 'Ask for it again if that was not meant.',
    facts: { path },
    cause: signal.reason,
  });
}

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { readError } from './input-errors.ts';
import type { OpenInput } from './open-input.ts';

/** Controls of everything that reads a whole file. */
export interface ReadControls {
  /** Stops between two reads: the call rejects with `ABORTED`, or with the signal's reason when it is a `MediaJobError`. */
  readonly signal?: AbortSignal;
  /** Told after each read how many bytes have been read in all. */
  readonly onBytes?: (bytes: number) => void;
}

/** What was read. */
export interface FileDigest {
  readonly bytes: number;
  /** Lower-case hexadecimal sha256 of the content. */
  readonly sha256: string;
}

/** Size of one read. */
const chunkBytes = 1024 * 1024;

/** Reads `source` from its start to its end, hashing it and, with `target`, writing it there. */
export async function digestBytes(source: OpenInput, controls: ReadControls, target?: FileHandle): Promise<FileDigest> {
  const hash = createHash('sha256');
  const bytes = await readAll(source, controls, async (chunk) => {
    const written = target === undefined ? undefined : writeAll(target, chunk);
    hash.update(chunk);
    await written;
  });
  return Object.freeze({ bytes, sha256: hash.digest('hex') });
}

/** Copies `source` from its start to its end into `target`. Resolves with the bytes copied. */
export function copyBytes(source: OpenInput, controls: ReadControls, target: FileHandle): Promise<number> {
  return readAll(source, controls, (chunk) => writeAll(target, chunk));
}

/** Reads ahead into a second buffer while the first is used, so that disk and hash work at the same time. Constant memory. */
async function readAll(source: OpenInput, controls: ReadControls, use: (chunk: Buffer) => Promise<void>): Promise<number> {
  let [current, next] = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)];
  let position = 0;
  let length = await readAt(source, controls, current, position);
  while (length > 0) {
    position += length;
    const ahead = readAt(source, controls, next, position);
    // Both must have ended before anybody closes the file or reuses a buffer.
    const [used, read] = await Promise.allSettled([use(current.subarray(0, length)), ahead]);
    if (used.status === 'rejected') throw used.reason;
    controls.onBytes?.(position);
    if (read.status === 'rejected') throw read.reason;
    [current, next] = [next, current];
    length = read.value;
  }
  return position;
}

async function readAt({ path, handle }: OpenInput, { signal }: ReadControls, buffer: Buffer, position: number): Promise<number> {
  if (signal?.aborted === true) throw abortedError(path, signal);
  try {
    return (await handle.read(buffer, 0, buffer.length, position)).bytesRead;
  } catch (error) {
    throw readError(path, error);
  }
}

async function writeAll(target: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    const { bytesWritten } = await target.write(chunk, offset, chunk.length - offset);
    offset += bytesWritten;
  }
}

function abortedError(path: string, signal: AbortSignal): MediaJobError {
  if (MediaJobError.isInstance(signal.reason)) return signal.reason;
  return new MediaJobError('ABORTED', {
    message: `Expected to read ${JSON.stringify(path)} to its end, got an abort.`,
    advice: 'Ask for it again if that was not meant.',
    facts: { path },
    cause: signal.reason,
  });
}

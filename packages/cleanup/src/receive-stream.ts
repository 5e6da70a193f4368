import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { MediaJobError, systemClock, type Clock, type Timer } from '@media-jobs/foundation';
import type { FileDigest } from './copy-bytes.ts';
import { defaultReserveBytes } from './disk-space.ts';
import { FileWriter } from './file-writer.ts';
import { checkAmount, invalidOption } from './options.ts';

/** Options of `receiveStream`. */
export interface ReceiveStreamOptions {
  /** More is refused, as soon as it has come. Default: no limit. */
  readonly maxBytes?: number;
  /** How long the sender may be silent. The time that our own disk takes is not the sender's. Default 30,000 ms. */
  readonly stallMs?: number;
  /** Stays free on the disk. Default 512 MiB. */
  readonly reserveBytes?: number;
  /** Ends it, and the stream. */
  readonly signal?: AbortSignal;
  /** Name of the setting that `maxBytes` comes from, for the advice of a refusal. Default `maxBytes`. */
  readonly limitName?: string;
  readonly clock?: Clock;
}

/** No media format starts with this many zeros. */
const sampleBytes = 65_536;

/**
 * Writes a stream into the file at `path`, which exists, in constant memory, and hashes it on the way. The stream is destroyed when this throws:
 * `INPUT_TOO_LARGE` and `INPUT_ALL_ZERO` as soon as it is known, `STALLED` when nothing comes for `stallMs`, `TRUNCATED` when the stream
 * fails before its end (a `MediaJobError` of its own passes as it is), `DISK_FULL`, `OUTPUT_UNWRITABLE`, `INVALID_OPTION`, `ABORTED`.
 */
export async function receiveStream(stream: Readable, path: string, options: ReceiveStreamOptions = {}): Promise<FileDigest> {
  const { maxBytes = Infinity, stallMs = 30_000, reserveBytes = defaultReserveBytes, clock = systemClock, signal, limitName = 'maxBytes' } = options;
  for (const [name, value] of Object.entries({ maxBytes, stallMs, reserveBytes })) checkAmount(name, value);
  const hash = createHash('sha256');
  const writer = await FileWriter.open(path, reserveBytes);
  let bytes = 0;
  let zeros = true;
  let timer: Timer | undefined;
  const wait = (): void => void (timer = stallMs === Infinity ? undefined : clock.after(stallMs, () => stream.destroy(stalled(bytes, stallMs))));
  using _listening = destroyOnAbort(stream, signal);
  try {
    wait();
    for await (const chunk of stream) {
      timer?.cancel();
      const piece = bytesOf(chunk);
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge(bytes, maxBytes, limitName);
      zeros &&= piece.every((byte) => byte === 0);
      if (zeros && bytes >= sampleBytes) throw allZero(bytes);
      const written = writer.append(piece);
      hash.update(piece);
      await written;
      wait();
    }
    await writer.close();
  } catch (error) {
    await writer.abandon();
    if (signal?.aborted === true) throw abortedError(signal);
    throw failed(error, bytes);
  } finally {
    timer?.cancel();
  }
  return Object.freeze({ bytes, sha256: hash.digest('hex') });
}

function destroyOnAbort(stream: Readable, signal: AbortSignal | undefined): Disposable {
  const end = (): void => void stream.destroy();
  if (signal?.aborted === true) end();
  else signal?.addEventListener('abort', end, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener('abort', end) };
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw invalidOption('file', 'a stream of bytes, without an encoding and not in object mode', chunk);
}

function abortedError(signal: AbortSignal): MediaJobError {
  if (MediaJobError.isInstance(signal.reason)) return signal.reason;
  return new MediaJobError('ABORTED', { message: 'Expected to read the input stream to its end, got an abort by the caller.', advice: 'Send it again if that was not meant.', cause: signal.reason });
}

function failed(error: unknown, bytes: number): unknown {
  if (MediaJobError.isInstance(error)) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new MediaJobError('TRUNCATED', {
    message: `Expected to read the input stream to its end, got an error after ${bytes} bytes: ${why}`,
    advice: 'Send the whole file again, in a new stream.',
    facts: { bytes },
    cause: error,
  });
}

function stalled(bytes: number, stallMs: number): MediaJobError {
  return new MediaJobError('STALLED', { message: `Expected the input stream to go on, got nothing for ${stallMs} ms after ${bytes} bytes.`, advice: 'Look at the sender; for slow ones raise the time that is allowed.', facts: { bytes, stallMs } });
}

function tooLarge(bytes: number, maxBytes: number, limitName: string): MediaJobError {
  return new MediaJobError('INPUT_TOO_LARGE', { message: `Expected the input stream to hold at most ${maxBytes} bytes, got ${bytes} so far.`, advice: `Send a smaller file, or raise \`${limitName}\`.`, facts: { bytes, maxBytes } });
}

function allZero(bytes: number): MediaJobError {
  return new MediaJobError('INPUT_ALL_ZERO', { message: `Expected the input stream to be a media file, got ${bytes} zero bytes at its start.`, advice: 'Send the file again: its content never arrived.', facts: { bytes } });
}

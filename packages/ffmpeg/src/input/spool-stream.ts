import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { MediaJobError, type Timer } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from '../call-controls.ts';
import { FileWriter } from '../file-writer.ts';
import { invalidOption } from '../option-checks.ts';
import type { ResolvedFfmpegOptions } from '../options.ts';
import { reserveWhileWriting } from '../speech/plan-speech.ts';

/** What came out of a stream. */
export interface SpooledInput {
  readonly bytes: number;
  /** Lower-case hexadecimal sha256 of the content. */
  readonly sha256: string;
}

/** No media format starts with this many zeros. */
const sampleBytes = 65_536;

/**
 * Writes a stream into the file at `path`, which exists, in constant memory, and hashes it on the way. The stream is destroyed when this throws:
 * `INPUT_TOO_LARGE` and `INPUT_ALL_ZERO` as soon as it is known, `STALLED` when nothing comes for `limits.stallMs`, `TRUNCATED` when the stream
 * fails before its end (a `MediaJobError` of its own passes as it is), `DISK_FULL`, `OUTPUT_UNWRITABLE`, `INVALID_OPTION`, `ABORTED`.
 */
export async function spoolStream(stream: Readable, path: string, { limits, disk, clock }: ResolvedFfmpegOptions, controls: ProcessControls): Promise<SpooledInput> {
  const { maxInputBytes = Infinity, stallMs } = limits;
  const hash = createHash('sha256');
  const writer = await FileWriter.open(path, reserveWhileWriting(disk));
  let bytes = 0;
  let zeros = true;
  let timer: Timer | undefined;
  const wait = (): void => void (timer = clock.after(stallMs, () => stream.destroy(stalled(bytes, stallMs))));
  using _listening = destroyOnAbort(stream, controls);
  try {
    wait();
    for await (const chunk of stream) {
      // The time that our own disk takes is not the stream's.
      timer?.cancel();
      const piece = bytesOf(chunk);
      bytes += piece.length;
      if (bytes > maxInputBytes) throw tooLarge(bytes, maxInputBytes);
      zeros &&= piece.every((byte) => byte === 0);
      if (zeros && bytes >= sampleBytes) throw allZero(bytes);
      hash.update(piece);
      await writer.append(piece);
      wait();
    }
    await writer.close();
  } catch (error) {
    await writer.abandon();
    throwIfAborted(controls);
    throw failed(error, bytes);
  } finally {
    timer?.cancel();
  }
  return Object.freeze({ bytes, sha256: hash.digest('hex') });
}

function destroyOnAbort(stream: Readable, { signal, kill }: ProcessControls): Disposable {
  const end = (): void => void stream.destroy();
  const given = [signal, kill].filter((control) => control !== undefined);
  for (const control of given) {
    if (control.aborted) end();
    else control.addEventListener('abort', end, { once: true });
  }
  return {
    [Symbol.dispose]() {
      for (const control of given) control.removeEventListener('abort', end);
    },
  };
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw invalidOption('file', 'a stream of bytes, without an encoding and not in object mode', chunk);
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
  return new MediaJobError('STALLED', { message: `Expected the input stream to go on, got nothing for ${stallMs} ms after ${bytes} bytes.`, advice: 'Look at the sender; for slow ones raise `limits.stallMs`.', facts: { bytes, stallMs } });
}

function tooLarge(bytes: number, maxBytes: number): MediaJobError {
  return new MediaJobError('INPUT_TOO_LARGE', { message: `Expected the input stream to hold at most ${maxBytes} bytes, got ${bytes} so far.`, advice: 'Send a smaller file, or raise `limits.maxInputBytes`.', facts: { bytes, maxBytes } });
}

function allZero(bytes: number): MediaJobError {
  return new MediaJobError('INPUT_ALL_ZERO', { message: `Expected the input stream to be a media file, got ${bytes} zero bytes at its start.`, advice: 'Send the file again: its content never arrived.', facts: { bytes } });
}

import { realpath } from 'node:fs/promises';
import { inputError, readError } from './input-errors.ts';
import { openInput } from './open-input.ts';
import { checkAmount } from './options.ts';

/** Limits of `checkInputFile`. */
export interface CheckInputFileOptions {
  /** The largest size that is accepted. Default: none. */
  readonly maxBytes?: number;
}

/** A file that is worth a closer look. */
export interface CheckedInputFile {
  /** Absolute, with all links resolved. */
  readonly path: string;
  readonly bytes: number;
}

/** How many bytes at the start of a file are looked at. No media format starts with this many zeros. */
const sampleBytes = 64 * 1024;

/**
 * Looks at a file before any work is done for it: it exists, is regular, readable, not empty, not too large, and not
 * all zero in its first 64 KiB. Costs two `stat`s and one read. Throws `INPUT_MISSING`, `INPUT_UNREADABLE`,
 * `INPUT_NOT_FILE`, `INPUT_EMPTY`, `INPUT_TOO_LARGE`, `INPUT_ALL_ZERO`.
 */
export async function checkInputFile(path: string, { maxBytes = Infinity }: CheckInputFileOptions = {}): Promise<CheckedInputFile> {
  checkAmount('maxBytes', maxBytes);
  await using input = await openInput(path);
  const { handle } = input;
  try {
    const { size: bytes } = await handle.stat();
    if (bytes === 0) throw inputError('INPUT_EMPTY', path, 'a file with content', '0 bytes');
    if (bytes > maxBytes) throw inputError('INPUT_TOO_LARGE', path, `at most ${maxBytes} bytes`, `${bytes}`, { facts: { bytes, maxBytes } });
    const sample = Buffer.alloc(Math.min(bytes, sampleBytes));
    const { bytesRead } = await handle.read(sample, 0, sample.length, 0);
    if (isAllZero(sample.subarray(0, bytesRead))) throw inputError('INPUT_ALL_ZERO', path, 'a media file', `${bytesRead} zero bytes at its start`);
    return Object.freeze({ path: await realpath(path), bytes });
  } catch (error) {
    throw readError(path, error);
  }
}

function isAllZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

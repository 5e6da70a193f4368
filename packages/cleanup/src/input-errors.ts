import type { Stats } from 'node:fs';
import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { systemCode } from './file-errors.ts';

const advices = {
  INPUT_MISSING: 'Check the path; a relative one starts at the current folder.',
  INPUT_UNREADABLE: 'Give this user the right to read the file and to enter its folders.',
  INPUT_NOT_FILE: 'Give the path of a regular file; save a stream to a file first.',
  INPUT_EMPTY: 'Check that the download or the recording has finished.',
  INPUT_ALL_ZERO: 'Fetch the file again: its content never arrived.',
  INPUT_TOO_LARGE: 'Give a smaller file, or raise the limit.',
  INPUT_CHANGED: 'Wait until the file is complete, then try again.',
} satisfies Partial<Record<MediaJobErrorCode, string>>;

/** An error about the input at `path`; `got` ends the sentence "Expected … to be `expected`, got". */
export function inputError(code: keyof typeof advices, path: string, expected: string, got: string, more: { readonly cause?: unknown; readonly facts?: Readonly<Record<string, unknown>> } = {}): MediaJobError {
  return new MediaJobError(code, {
    message: `Expected ${JSON.stringify(path)} to be ${expected}, got ${got}.`,
    advice: advices[code],
    facts: { path, ...more.facts },
    cause: more.cause,
  });
}

/** What a failed `stat`, `open` or `read` of the input at `path` is called. Other `MediaJobError`s pass as they are. */
export function readError(path: string, cause: unknown): MediaJobError {
  if (MediaJobError.isInstance(cause)) return cause;
  const code = systemCode(cause);
  const facts = { systemCode: code };
  if (missingCodes.has(code)) return inputError('INPUT_MISSING', path, 'a file', code, { cause, facts });
  if (code === 'ELOOP') return inputError('INPUT_NOT_FILE', path, 'a regular file', 'a link that leads in a circle', { cause, facts });
  if (code === 'ENXIO') return inputError('INPUT_NOT_FILE', path, 'a regular file', 'a pipe, socket or device', { cause, facts });
  if (code === 'EISDIR') return inputError('INPUT_NOT_FILE', path, 'a regular file', 'a folder', { cause, facts });
  if (code === '') return MediaJobError.from(cause);
  return inputError('INPUT_UNREADABLE', path, 'readable', code, { cause, facts });
}

/** No such path; one that is too long or holds a zero byte cannot exist either. */
const missingCodes = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);

/** Throws `INPUT_NOT_FILE` unless `stats` are of a regular file. */
export function requireRegularFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw inputError('INPUT_NOT_FILE', path, 'a regular file', kindOf(stats), { facts: { kind: kindOf(stats) } });
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isSymbolicLink()) return 'a link';
  return 'a device';
}

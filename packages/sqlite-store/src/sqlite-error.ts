import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';

/** Primary result codes of SQLite that mean something to us; https://sqlite.org/rescode.html. */
const result = { busy: 5, locked: 6, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, protocol: 15, noDatabase: 26 } as const;

interface Meaning {
  readonly code: MediaJobErrorCode;
  readonly expected: string;
  readonly advice: string;
}

const busyMeaning: Meaning = {
  code: 'STORE_UNAVAILABLE',
  expected: 'the database file to be free',
  advice: 'Another process holds a lock on the file for too long; find it (for example with `fuser`), or raise `retryForMs`.',
};
const corruptAdvice = 'Stop all processes that use the file, move it away together with its `-wal` and `-shm` files, and start again; `sqlite3 FILE .recover` may save its records.';

const meanings: Readonly<Record<number, Meaning>> = {
  [result.busy]: busyMeaning,
  [result.locked]: busyMeaning,
  [result.protocol]: busyMeaning,
  [result.readOnly]: { code: 'STORE_UNAVAILABLE', expected: 'the database file to be writable', advice: 'Give this user the right to write the file and its folder, or choose another `file`.' },
  [result.ioError]: { code: 'STORE_UNAVAILABLE', expected: 'the disk to read and write the database file', advice: 'Check the disk; network folders are not supported.' },
  [result.cannotOpen]: { code: 'STORE_UNAVAILABLE', expected: 'the database file to open', advice: 'Check that the path is a file and that this user may read and write it and its folder.' },
  [result.full]: { code: 'DISK_FULL', expected: 'room on the disk for the database file', advice: 'Free space on the disk of the file; nothing of this call was written.' },
  [result.corrupt]: { code: 'STORE_INCOMPATIBLE', expected: 'a whole database file', advice: corruptAdvice },
  [result.noDatabase]: { code: 'STORE_INCOMPATIBLE', expected: 'a SQLite database', advice: `The file is something else, or its start was overwritten; choose another \`file\`. ${corruptAdvice}` },
};

const fileCodes: Readonly<Record<string, MediaJobErrorCode>> = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL' };

/** The primary result code of an error of `node:sqlite`; undefined for any other error. */
export function sqliteResult(error: unknown): number | undefined {
  const errcode = (error as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** True when another connection stands in the way and trying again can help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteResult(error);
  return code === result.busy || code === result.locked || code === result.protocol;
}

/** What SQLite or the file system threw, as an error of ours. */
export function storeError(error: unknown, file: string): MediaJobError {
  if (MediaJobError.isInstance(error)) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  const sqliteCode = sqliteResult(error);
  const meaning = sqliteCode === undefined ? undefined : meanings[sqliteCode];
  if (meaning !== undefined) {
    return new MediaJobError(meaning.code, { message: `Expected ${meaning.expected}, got: ${message} (${file}).`, advice: meaning.advice, cause: error, facts: { file, sqliteCode } });
  }
  if (sqliteCode === undefined && typeof code === 'string' && !code.startsWith('ERR_')) {
    return new MediaJobError(fileCodes[code] ?? 'STORE_UNAVAILABLE', {
      message: `Expected a place for the database file, got: ${message}.`,
      advice: 'Check that the folder exists or can be made, that this user may write there, and that the disk has room.',
      cause: error,
      facts: { file },
    });
  }
  return MediaJobError.from(error);
}

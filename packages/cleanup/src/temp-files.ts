import { mkdir, open } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { silentLogger, systemClock, type Clock, type Logger, type MediaJobError } from '@media-jobs/foundation';
import { systemCode, writeError } from './file-errors.ts';
import type { LedgerEntry, LedgerWriter } from './ledger-entry.ts';
import { harmlessExtension, partName, tempName } from './names.ts';
import { checkPath } from './options.ts';
import { requireOwnFolder } from './own-folder.ts';
import { requireWritableTarget } from './output-target.ts';
import { createTempThing, type TempFile, type TempFolder } from './temp-thing.ts';

/** Options of a temp file. */
export interface TempFileOptions {
  /** Such as `.wav`: a dot and 1 to 8 letters or digits. Default none; beside a target, that of the target. */
  readonly extension?: string;
  /** The finished file that this one will become. The temp file then lies beside it, on the same file system, under a hidden name. */
  readonly near?: string;
  /** Start of the name, 1 to 32 letters, digits, `_` or `-`. Default `temp`; not used with `near`. */
  readonly prefix?: string;
}

/** Makes temp files and folders of one place. All are gone when they are disposed; the sweep takes what a killed process left. */
export interface TempFiles {
  /** Makes an empty file that only this user may read; beside a target, with the rights that a new file has there. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`, `WORK_FOLDER_UNSAFE`. */
  file(options?: TempFileOptions): Promise<TempFile>;
  /** Makes an empty folder that only this user may enter. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`, `WORK_FOLDER_UNSAFE`. */
  folder(options?: { readonly prefix?: string }): Promise<TempFolder>;
  /** Makes a file of somebody else disposable. It is not in the ledger: after `kill -9` it stays. */
  adopt(path: string): TempFile;
}

/** Options of `createTempFiles`. */
export interface CreateTempFilesOptions {
  /** Where temp files and folders are made; made with mode 0700 when it is missing. A link is refused, and so is a folder of another user, save that of the system such as `/tmp`. */
  readonly folder: string;
  /** Each path is written here before it is made. Without one, only disposal removes it. */
  readonly ledger?: LedgerWriter;
  /** Told of what could not be removed on disposal; disposal itself never throws. Default: a warning to `logger`. */
  readonly onCleanupError?: (error: MediaJobError) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Makes temp files and folders below `folder`. Nothing is written before the first is asked for. */
export function createTempFiles(options: CreateTempFilesOptions): TempFiles {
  const { ledger, logger = silentLogger, clock = systemClock } = options;
  checkPath('folder', options.folder);
  const root = resolve(options.folder);
  const onCleanupError = options.onCleanupError ?? ((error: MediaJobError): void => logger.warn({ err: error, path: error.facts['path'] }, 'A temp file could not be removed'));
  const thing = { ledger, onCleanupError, clock };

  return Object.freeze({
    async file({ extension, near, prefix }: TempFileOptions = {}): Promise<TempFile> {
      if (near === undefined) {
        const entry: LedgerEntry = { kind: 'temp', path: join(root, tempName(prefix, extension)) };
        await make(ledger, entry, () => inFolder(root, () => createEmpty(entry.path, 0o600)));
        return createTempThing({ ...thing, entry, root });
      }
      checkPath('near', near);
      const target = resolve(near);
      await requireWritableTarget(target, true);
      const entry: LedgerEntry = { kind: 'part', path: join(dirname(target), partName(extension ?? harmlessExtension(extname(target)))) };
      await make(ledger, entry, () => createEmpty(entry.path, 0o666));
      return createTempThing({ ...thing, entry });
    },
    async folder({ prefix }: { readonly prefix?: string } = {}): Promise<TempFolder> {
      const entry: LedgerEntry = { kind: 'temp', path: join(root, tempName(prefix)) };
      await make(ledger, entry, () => inFolder(root, () => mkdir(entry.path, { mode: 0o700 })));
      return createTempThing({ ...thing, entry, root });
    },
    adopt(path: string): TempFile {
      checkPath('path', path);
      return createTempThing({ onCleanupError, clock, entry: { kind: 'part', path: resolve(path) } });
    },
  });
}

/** Ledger first, then the thing itself: a crash in between leaves a line about nothing, never a file without a line. */
async function make(ledger: LedgerWriter | undefined, entry: LedgerEntry, create: () => Promise<unknown>): Promise<void> {
  try {
    await ledger?.record(entry);
    await create();
  } catch (error) {
    await ledger?.forget(entry);
    throw writeError(entry.path, error);
  }
}

async function createEmpty(path: string, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  await handle.close();
}

/** Makes the folder only when it proves to be missing, and again when somebody has tidied it away. Nothing is made in one that others could exchange. */
async function inFolder(folder: string, create: () => Promise<unknown>): Promise<unknown> {
  try {
    await requireOwnFolder(folder, { orSystemTemp: true });
    return await create();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await requireOwnFolder(folder, { orSystemTemp: true });
    return create();
  }
}

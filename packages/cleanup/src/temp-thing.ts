import { MediaJobError, type Clock } from '@media-jobs/foundation';
import { cleanupError } from './file-errors.ts';
import type { LedgerEntry, LedgerWriter } from './ledger-entry.ts';
import { removePath } from './remove-path.ts';

/** A file that is gone at the end of its `await using` block. */
export interface TempFile extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** Leaves it where it is and takes it out of the ledger. Later removal and disposal do nothing. */
  keep(): Promise<void>;
  /** Removes it now. One that is gone is no error. Throws `CLEANUP_FAILED`; it then stays in the ledger. */
  remove(): Promise<void>;
}

/** A folder that is gone, with all that is in it, at the end of its `await using` block. */
export type TempFolder = TempFile;

/** What a disposable path is made of. */
export interface TempThingOptions {
  readonly entry: LedgerEntry;
  /** Folder of ours around it, whose rights may be changed to get it removed. */
  readonly root?: string;
  readonly ledger?: LedgerWriter | undefined;
  readonly onCleanupError: (error: MediaJobError) => void;
  readonly clock: Clock;
}

/** A disposable path. Its disposal never throws: what fails is reported, and left to the sweep. */
export function createTempThing({ entry, root, ledger, onCleanupError, clock }: TempThingOptions): TempFile {
  const { path, kind } = entry;
  let held = true;
  const remove = async (): Promise<void> => {
    if (!held) return;
    try {
      // A path outside our folders is a single file: nothing there is ever removed with all that is in it.
      await removePath(path, { clock, filesOnly: kind === 'part', ...(root === undefined ? {} : { root }) });
      await ledger?.forget(entry);
    } catch (error) {
      throw cleanupError(path, error);
    }
    held = false;
  };
  return Object.freeze({
    path,
    async keep(): Promise<void> {
      if (held) await ledger?.forget(entry);
      held = false;
    },
    remove,
    async [Symbol.asyncDispose](): Promise<void> {
      try {
        await remove();
      } catch (error) {
        onCleanupError(MediaJobError.from(error));
      }
    },
  });
}

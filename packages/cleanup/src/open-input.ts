import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { readError, requireRegularFile } from './input-errors.ts';

/** A regular file that is open for reading. */
export interface OpenInput extends AsyncDisposable {
  /** As it was given, for messages. */
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * Opens a regular file for reading; links are followed. Never waits for the other end of a pipe, also when the path
 * becomes one between the look and the opening. Throws `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_NOT_FILE`.
 */
export async function openInput(path: string): Promise<OpenInput> {
  try {
    // Opening a device can have effects of its own, so it is not opened to find out.
    requireRegularFile(path, await stat(path));
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      requireRegularFile(path, await handle.stat());
    } catch (error) {
      await handle.close();
      throw error;
    }
    return { path, handle, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    throw readError(path, error);
  }
}

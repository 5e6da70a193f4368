import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** A model file that is open for reading. */
export interface OpenModel extends AsyncDisposable {
  readonly handle: FileHandle;
}

/** Opens a model file; throws what `missing` makes of the reason when it cannot be. */
export async function openModel(path: string, missing: (cause: unknown) => Error): Promise<OpenModel> {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would never return.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { handle, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    throw missing(error);
  }
}

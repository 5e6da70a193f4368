import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one test. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
  /** A path in it. */
  readonly at: (name: string) => string;
}

/** Makes an empty folder that is gone when the block ends. */
export async function scratchFolder(): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'media-jobs-sqlite-'));
  return { path, at: (name) => join(path, name), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

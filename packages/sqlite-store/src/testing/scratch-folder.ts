import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one test. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
  /** A path in it. */
  readonly at: (name: string) => string;
}

/** Where files cost no flush of a disk, for tests that ask what a store answers and not what a disk keeps. */
export const memoryPlace: string = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Makes an empty folder that is gone when the block ends. */
export async function scratchFolder({ inMemory = false }: { readonly inMemory?: boolean } = {}): Promise<ScratchFolder> {
  const path = await mkdtemp(join(inMemory ? memoryPlace : tmpdir(), 'media-jobs-sqlite-'));
  return { path, at: (name) => join(path, name), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

import type { Dirent } from 'node:fs';
import { lstat, opendir, readdir } from 'node:fs/promises';

/** A folder whose own size is above this has thousands of entries: they are then read in parts. */
export const largeFolderBytes = 64 * 1024;
/** Entries of a large folder that are held at a time. */
export const entriesAtATime = 200;

/** The entries of a folder, all at once where they are few. Throws `ENOTDIR` for a link to one. */
export async function* entriesOf(folder: string): AsyncGenerator<readonly Dirent[]> {
  const stats = await lstat(folder);
  if (!stats.isDirectory()) throw notAFolder();
  if (stats.size <= largeFolderBytes) {
    yield await readdir(folder, { withFileTypes: true });
    return;
  }
  let entries: Dirent[] = [];
  for await (const entry of await opendir(folder, { bufferSize: entriesAtATime })) {
    entries.push(entry);
    if (entries.length < entriesAtATime) continue;
    yield entries;
    entries = [];
  }
  yield entries;
}

/** What reading a link, or a file, as a folder comes to. */
export function notAFolder(): Error {
  return Object.assign(new Error('Expected a folder'), { code: 'ENOTDIR' });
}

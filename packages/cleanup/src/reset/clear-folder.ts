import { lstat, opendir, readdir, rmdir, unlink, type Dir, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../file-errors.ts';

/** What `clearFolder` works with. */
export interface ClearFolderOptions {
  /** Folders below go as well. Default `true`; with `false` all of them stay, empty. */
  readonly folders?: boolean;
  /** Paths that stay, with all that is in them. Default: none. */
  readonly keep?: (path: string) => boolean;
  /** Ends it soon; what is not removed yet stays. */
  readonly signal: AbortSignal;
  /** Told of each file that is gone, and of the bytes that became free by it. */
  readonly onRemoved: (bytes: number) => void;
  /** Told of each thing that could not be removed. */
  readonly onStubborn: (path: string, error: unknown) => void;
}

/** Entries of one folder that are worked on at a time. Node's pool does four calls at a time, and must not run dry. */
const width = 32;

/** A folder whose own size is above this has thousands of entries: they are then read in parts. */
const largeFolderBytes = 64 * 1024;
const part = 1_000;

type Clearing = ClearFolderOptions & Required<Pick<ClearFolderOptions, 'folders' | 'keep'>>;

/**
 * Removes all that is in a folder; the folder itself stays. It is made for hundreds of thousands of small files: calls run
 * side by side, and memory does not grow with their number. Links are removed themselves and never followed. What is gone
 * already is no error, and what cannot be removed stops nothing. Resolves when all has been tried, or the signal has aborted.
 */
export async function clearFolder(folder: string, options: ClearFolderOptions): Promise<void> {
  await clearInside({ folders: true, keep: () => false, ...options }, folder);
}

/** False when something in it stays. */
async function clearInside(clearing: Clearing, folder: string): Promise<boolean> {
  let empty = true;
  try {
    for await (const entries of entriesOf(folder)) {
      await sideBySide(entries, async (entry) => {
        const path = join(folder, entry.name);
        if (clearing.signal.aborted || clearing.keep(path) || !(await clearEntry(clearing, path, entry))) empty = false;
      });
    }
  } catch (error) {
    if (isGone(error)) return true;
    clearing.onStubborn(folder, error);
    return false;
  }
  return empty && !clearing.signal.aborted;
}

async function clearEntry(clearing: Clearing, path: string, entry: Dirent): Promise<boolean> {
  if (entry.isDirectory()) {
    const empty = await clearInside(clearing, path);
    return empty && clearing.folders ? attempt(clearing, path, () => call<void>((done) => rmdir(path, done))) : false;
  }
  return attempt(clearing, path, async () => {
    const stats = await call<Stats>((done) => lstat(path, done));
    await call<void>((done) => unlink(path, done));
    clearing.onRemoved(stats.nlink <= 1 ? stats.size : 0);
  });
}

async function attempt({ onStubborn }: Clearing, path: string, remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    onStubborn(path, error);
    return false;
  }
}

function isGone(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}

/** The entries of a folder, all at once where they are few. Throws `ENOTDIR` for a link to one. */
export async function* entriesOf(folder: string): AsyncGenerator<readonly Dirent[]> {
  const stats = await call<Stats>((done) => lstat(folder, done));
  if (!stats.isDirectory()) throw Object.assign(new Error('Expected a folder'), { code: 'ENOTDIR' });
  if (stats.size <= largeFolderBytes) {
    yield await call<Dirent[]>((done) => readdir(folder, { withFileTypes: true }, done));
    return;
  }
  const open = await call<Dir>((done) => opendir(folder, { bufferSize: part }, done));
  try {
    for (let entries = await readPart(open); entries.length > 0; entries = await readPart(open)) yield entries;
  } finally {
    await open.close();
  }
}

async function readPart(open: Dir): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for (let entry = await open.read(); entry !== null; entry = await open.read()) {
    entries.push(entry);
    if (entries.length === part) break;
  }
  return entries;
}

/** Several workers take from one list, so that one slow entry holds nobody up. */
async function sideBySide<Entry>(entries: readonly Entry[], act: (entry: Entry) => Promise<void>): Promise<void> {
  const rest = entries.values();
  const work = async (): Promise<void> => {
    for (const entry of rest) await act(entry);
  };
  await Promise.all(Array.from({ length: Math.min(width, entries.length) }, work));
}

/** The callbacks of `node:fs` cost half of what its promises do, and here there are hundreds of thousands of them. */
function call<Result>(start: (done: (error: Error | null, result?: Result) => void) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result as Result) : reject(error)));
  });
}

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from './file-errors.ts';
import { checkPath } from './options.ts';

/** What a folder holds. */
export interface FolderSize {
  /** Files and links; folders do not count. */
  readonly files: number;
  /** A file with several names below the folder counts once. */
  readonly bytes: number;
}

/** Counts what is at `path` and below it. Links are counted and not followed; what is missing, or goes meanwhile, is nothing; what may not be read is passed over. */
export async function folderSize(path: string): Promise<FolderSize> {
  checkPath('path', path);
  const sum = { files: 0, bytes: 0 };
  await add(path, sum, new Set());
  return sum;
}

async function add(path: string, sum: { files: number; bytes: number }, seen: Set<string>): Promise<void> {
  const stats = await there(lstat(path));
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    for (const name of (await there(readdir(path))) ?? []) await add(join(path, name), sum, seen);
    return;
  }
  sum.files += 1;
  const id = `${stats.dev} ${stats.ino}`;
  if (stats.nlink > 1 && seen.has(id)) return;
  if (stats.nlink > 1) seen.add(id);
  sum.bytes += stats.size;
}

async function there<Result>(look: Promise<Result>): Promise<Result | undefined> {
  try {
    return await look;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error))) throw error;
    return undefined;
  }
}

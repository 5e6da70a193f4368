import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';

const runnable = 0o755;
const refusals = new Set(['EPERM', 'EACCES', 'EROFS']);

/**
 * Gives the path of a program that can be run: the file itself, with its run bit set where it was missing, or else a copy in
 * `cacheFolder`. Packages lose the bit when their install scripts are not run. Throws what the file system throws.
 */
export async function withRunBit(file: string, cacheFolder: string): Promise<string> {
  if (await mayRun(file)) return file;
  try {
    await chmod(file, runnable);
    return file;
  } catch (error) {
    if (!refusals.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return copyTo(cacheFolder, file);
  }
}

async function mayRun(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The copy is named after the size and age of the original, so that another version gets another copy. */
async function copyTo(folder: string, file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  const copy = join(folder, `${basename(file)}-${size}-${Math.round(mtimeMs)}`);
  if ((await stat(copy).catch(() => undefined))?.size === size && (await mayRun(copy))) return copy;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `.${randomUUID()}.part`);
  try {
    await copyFile(file, part);
    await chmod(part, runnable);
    await rename(part, copy);
  } finally {
    await rm(part, { force: true });
  }
  return copy;
}

import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createTempFiles, publishFile } from '@media-jobs/cleanup';

/** Puts the text at `file`, whole or not at all; a file that is there is replaced. Throws `OUTPUT_UNWRITABLE`, `DISK_FULL`. */
export async function writeOutput(file: string, text: string, signal: AbortSignal): Promise<void> {
  const target = resolve(file);
  await using part = await createTempFiles({ folder: dirname(target) }).file({ near: target });
  await writeFile(part.path, text, { signal });
  await publishFile(part.path, target, { overwrite: true, signal });
}

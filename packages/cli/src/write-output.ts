import { stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createTempFiles, publishFile, type TempFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';

const partBeside = (target: string): Promise<TempFile> => createTempFiles({ folder: dirname(target) }).file({ near: target });

/**
 * Finds out whether something can be written to `file` before hours are spent on it. Throws `INPUT_IS_OUTPUT` when it is
 * the input itself, and `OUTPUT_UNWRITABLE`.
 */
export async function checkOutput(file: string, input: string): Promise<void> {
  const [target, source] = await Promise.all([found(file), found(input)]);
  if (target !== undefined && source !== undefined && target.dev === source.dev && target.ino === source.ino) {
    throw new MediaJobError('INPUT_IS_OUTPUT', { message: `Expected \`--output\` to be another file than the input, got ${JSON.stringify(file)} for both.`, advice: 'Give the output a name of its own.' });
  }
  if (target !== undefined && !target.isFile()) {
    throw new MediaJobError('OUTPUT_UNWRITABLE', { message: `Expected \`--output\` to be a file, got ${JSON.stringify(file)}, which is ${target.isDirectory() ? 'a folder' : 'none'}.`, advice: 'Give the name of a file, or leave --output out and redirect stdout.' });
  }
  await using _part = await partBeside(resolve(file));
}

/** Puts the text at `file`, whole or not at all; a file that is there is replaced. Throws `OUTPUT_UNWRITABLE`, `DISK_FULL`. */
export async function writeOutput(file: string, text: string, signal: AbortSignal): Promise<void> {
  const target = resolve(file);
  await using part = await partBeside(target);
  await writeFile(part.path, text, { signal });
  await publishFile(part.path, target, { overwrite: true, signal });
}

async function found(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    // Whatever else is wrong with it is found, and named, by whoever opens it.
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

import { lstat, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createTempFiles, publishFile, type TempFile, type TempFiles } from '@media-jobs/cleanup';
import { DisposalStack, MediaJobError } from '@media-jobs/foundation';

/** Makes unfinished files for `target`. Where the caller has no temp files of its own they lie beside the target. */
export function tempFilesFor(target: string, temp: TempFiles | undefined): TempFiles {
  return temp ?? createTempFiles({ folder: dirname(resolve(target)) });
}

/**
 * Looks at the targets before any work is done. Throws `INPUT_IS_OUTPUT` when one is the input, by whatever name, and
 * `OUTPUT_EXISTS` when one is there and may not be replaced.
 */
export async function checkTargets(input: string, targets: readonly string[], overwrite: boolean): Promise<void> {
  const source = await stat(input);
  for (const target of targets) {
    const there = await found(target, stat);
    if (there !== undefined && there.dev === source.dev && there.ino === source.ino) throw inputIsOutput(input, target);
    if (!overwrite && (await found(target, lstat)) !== undefined) throw outputExists(target);
  }
}

/** A finished part and where it belongs. */
export interface FinishedFile {
  readonly part: TempFile;
  readonly target: string;
}

/** Moves all parts to their targets, or none: those that were new are removed again when a later one fails. */
export async function publishAll(files: readonly FinishedFile[], overwrite: boolean, temp: TempFiles): Promise<void> {
  await using undo = new DisposalStack();
  for (const { part, target } of files) {
    const isNew = (await found(target, lstat)) === undefined;
    await publishFile(part.path, target, { overwrite, temp });
    if (isNew) undo.use(temp.adopt(target));
  }
  undo.move();
}

async function found(path: string, look: typeof stat | typeof lstat): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  // What stands in the way of looking will stand in the way of writing, and is told then.
  return look(path).catch(() => undefined);
}

function inputIsOutput(input: string, target: string): MediaJobError {
  return new MediaJobError('INPUT_IS_OUTPUT', {
    message: `Expected the output ${JSON.stringify(target)} to be another file than the input, got the same.`,
    advice: 'Write to another name; the input is never changed.',
    facts: { input, path: target },
  });
}

function outputExists(target: string): MediaJobError {
  return new MediaJobError('OUTPUT_EXISTS', { message: `Expected no file at ${JSON.stringify(target)}, got one.`, advice: 'Choose another name, or set `overwrite: true`.', facts: { path: target } });
}

import { readFile, realpath } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { findProgram } from './find-program.ts';

/** Answers by name and `PATH`: what a machine has does not change while we run. */
const answers = new Map<string, Promise<string | undefined>>();

/**
 * The program of util-linux called `name`, when the one that `path` leads to holds the text `mark`: those of busybox have the same names and know
 * less. Undefined where there is none. Reading the file costs no process.
 */
export async function findUtility(name: string, mark: string, path: string): Promise<string | undefined> {
  const key = `${name}\0${path}`;
  const answer = answers.get(key) ?? look(name, mark, path);
  answers.set(key, answer);
  return await answer;
}

async function look(name: string, mark: string, path: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const file = findProgram(name, { cwd: '/', path });
    return (await readFile(await realpath(file))).includes(mark) ? file : undefined;
  } catch (error) {
    if (MediaJobError.isInstance(error) || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

import { readFile, realpath } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { findProgram } from './find-program.ts';

/** What a child is to do when the process that started it dies without a word. */
export type ParentDeath = 'kill' | 'ignore';

/** Answers by `PATH`: whether a machine has setpriv does not change while we run. */
const answers = new Map<string, Promise<string | undefined>>();

/** The setpriv of util-linux knows `--pdeathsig`; that of busybox does not. Reading the file costs no process. */
async function findSetpriv(path: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const file = findProgram('setpriv', { cwd: '/', path });
    return (await readFile(await realpath(file))).includes('pdeathsig') ? file : undefined;
  } catch (error) {
    if (MediaJobError.isInstance(error) || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

/** Puts `setpriv` before a program, where there is one: the kernel then kills the program when we die. It becomes the program: one pid, one process. */
export async function withParentDeath(parentDeath: ParentDeath, file: string, args: readonly string[], path: string | undefined): Promise<readonly [string, ...string[]]> {
  if (parentDeath === 'ignore') return [file, ...args];
  const key = path ?? '';
  const answer = answers.get(key) ?? findSetpriv(key);
  answers.set(key, answer);
  const setpriv = await answer;
  return setpriv === undefined ? [file, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', file, ...args];
}

import { findUtility } from './util-linux.ts';

/** What a child is to do when the process that started it dies without a word. */
export type ParentDeath = 'kill' | 'ignore';

/** Puts `setpriv` before a program, where there is one: the kernel then kills the program when we die. It becomes the program: one pid, one process. */
export async function withParentDeath(parentDeath: ParentDeath, line: readonly [string, ...string[]], path: string | undefined): Promise<readonly [string, ...string[]]> {
  const setpriv = parentDeath === 'ignore' ? undefined : await findUtility('setpriv', 'pdeathsig', path ?? '');
  return setpriv === undefined ? line : [setpriv, '--pdeathsig', 'KILL', '--', ...line];
}

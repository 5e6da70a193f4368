import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Invocation } from './command.ts';

/** The folder of jobs and results: `--work-folder`, else the place for caches of this user. Absolute. */
export function workFolderOf(invocation: Invocation, environment: Readonly<Record<string, string | undefined>>): string {
  const given = invocation.text('work-folder');
  if (given !== undefined) return resolve(given);
  const cache = environment['XDG_CACHE_HOME'];
  // The rule of the XDG base directories: a relative path counts as none.
  const base = cache !== undefined && isAbsolute(cache) ? cache : join(environment['HOME'] ?? homedir(), '.cache');
  return join(base, 'media-jobs');
}

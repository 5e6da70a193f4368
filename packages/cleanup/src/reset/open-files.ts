import { readdir, readlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { systemCode } from '../file-errors.ts';

/**
 * Paths below a folder that some process has open, as far as this user may see that. Linux only; elsewhere nothing is found.
 * `folder` must be its real path.
 */
export async function openFilesBelow(folder: string): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  const processes = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    for (const descriptor of await namesIn(`/proc/${pid}/fd`)) {
      const path = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(unseen);
      if (path?.startsWith(folder + sep) === true) open.add(path);
    }
  }
  return open;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(unseen)) ?? [];
}

/** A process that has just ended, or one of another user. */
function unseen(error: unknown): undefined {
  if (systemCode(error) === '') throw error;
}

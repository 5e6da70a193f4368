import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a folder, as relative paths; empty when it is not there. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** What a command may not leave in its work folder: temp files, ledgers, locks, and files of jobs that it did not complete. */
export function leftIn(workFolder: string): string[] {
  return ['temp', 'ledger', 'locks', 'jobs'].flatMap((name) => filesBelow(join(workFolder, name)).map((file) => `${name}/${file}`));
}

/** The same without the results of completed jobs. */
export function leftBesidesResults(workFolder: string): string[] {
  return leftIn(workFolder).filter((file) => !/^jobs\/.*\/(?:transcript\.(?:txt|srt|vtt|json)|waveform\.png)$/.test(file));
}

/** Living processes that this command started: all its descendants carry its pid in their mark. */
export function processesOf(pid: number): number[] {
  const mark = new RegExp(`MEDIA_JOBS_OWNER=o1-[^-]*-[^-]*-\\d+-${pid}-`);
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && mark.test(environmentOf(name))).map(Number);
}

/** Empty for a process that has ended meanwhile, also as a zombie. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

/** Asks until the answer is empty, or gives the last answer after `patienceMs`. */
export async function untilEmpty<Item>(ask: () => readonly Item[], patienceMs = 5_000): Promise<readonly Item[]> {
  const end = performance.now() + patienceMs;
  while (ask().length > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  return ask();
}

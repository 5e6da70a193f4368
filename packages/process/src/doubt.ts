import type { Sighting } from './process-tree.ts';

/** Becoming another program takes milliseconds, and longer on a machine that is short of something. */
const patienceMs = 500;

/**
 * Whether there may be more than was found: true while something is found, and while an empty answer cannot be believed.
 * The table of processes cannot be read at one moment: one may have started another and gone between two of its lines. So each process
 * that went is a reason for one more look, and those whose environment cannot be read yet are one for half a second.
 */
export function createDoubt(): (sighting: Sighting) => boolean {
  const seen = new Set<number>();
  let emptySince: number | undefined;
  return ({ found, fleeting, starting }) => {
    const news = fleeting.filter((pid) => !seen.has(pid));
    for (const pid of news) seen.add(pid);
    emptySince = found.length > 0 ? undefined : (emptySince ?? performance.now());
    if (emptySince === undefined) return true;
    return performance.now() - emptySince < patienceMs && (news.length > 0 || starting.length > 0);
  };
}

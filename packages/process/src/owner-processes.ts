import { setTimeout as pause } from 'node:timers/promises';
import { ownerVariable } from './child-environment.ts';
import { createDoubt } from './doubt.ts';
import { parseOwner } from './owner.ts';
import { hasProcessTable, listProcesses, type ProcessFacts } from './process-table.ts';
import { sortByMark, type Sighting } from './process-tree.ts';

const pauseMs = 5;

/**
 * The living processes that carry an owner's mark in their environment: what it started, and what those started in turn.
 * This process itself is never among them. Processes that may not be looked at are left out, and so are all where there is no `/proc`.
 * Throws `INVALID_OPTION` when `ownerId` is no owner id.
 */
export async function processesOf(ownerId: string): Promise<number[]> {
  parseOwner(ownerId);
  if (!hasProcessTable()) return [];
  const found = new Set<number>();
  const mayBeMore = createDoubt();
  for (;;) {
    const { processes, vanished } = await listProcesses();
    const sighting = listOwned(processes, ownerId);
    const news = sighting.found.filter(({ pid }) => !found.has(pid));
    for (const { pid } of news) found.add(pid);
    if (!mayBeMore({ found: news, fleeting: vanished, starting: sighting.starting })) return [...found];
    await pause(pauseMs);
  }
}

/** Of these processes, the living ones that carry an owner's mark, without this process itself. */
export function listOwned(processes: readonly ProcessFacts[], ownerId: string): Pick<Sighting, 'found' | 'starting'> {
  const candidates = processes.filter(({ pid, ended, group }) => !ended && group !== 0 && pid !== process.pid);
  return sortByMark(candidates, ownerVariable, ownerId);
}

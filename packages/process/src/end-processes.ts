import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { runVariable } from './child-environment.ts';
import { createDoubt } from './doubt.ts';
import { createKillSchedule, killOrders, type KillOrder } from './kill-order.ts';
import { listOwned } from './owner-processes.ts';
import { parseOwner } from './owner.ts';
import { hasProcessTable, isStillThere, listProcesses, readEntries } from './process-table.ts';
import { sendSignal, signalProcess, sortByMark, withRelatives, type Sighting } from './process-tree.ts';

/** How processes that an owner left behind are ended. */
export interface EndProcessesOptions {
  /** Only processes that carry this owner's mark, and their trees, are touched. */
  readonly ownerId: string;
  /** Default: `killOrders.abort`. */
  readonly order?: KillOrder;
  /** Drives the order. Default: the machine's own. */
  readonly clock?: Clock;
}

const pollMs = 20;
/** A process that is still there this long after KILL hangs in the kernel; it is left out of the answer. */
const patienceMs = 5000;

/**
 * Ends those of `pids` that carry the owner's mark, with their trees, and resolves when they are gone, with the pids that were ended.
 * A process that hangs in the kernel is given up 5 s after KILL and is not in the answer. A pid without the mark is left alone, and so
 * is one that has passed to a later process in the meantime: the start time is compared right before each signal.
 * Meant for owners that are dead; see `isOwnerAlive`. Throws `INVALID_OPTION` when `ownerId` is no owner id.
 */
export async function endProcesses(pids: readonly number[], { ownerId, order = killOrders.abort, clock = systemClock }: EndProcessesOptions): Promise<number[]> {
  parseOwner(ownerId);
  if (!hasProcessTable() || pids.length === 0) return [];
  const trees = await findTrees(pids, ownerId);
  let killedAt = Infinity;
  using schedule = createKillSchedule(clock, (signal) => {
    if (signal === 'SIGKILL') killedAt = performance.now();
    trees.signal(signal);
  });
  const mayBeMore = createDoubt();
  while (mayBeMore(await trees.look())) {
    schedule.start(order);
    if (schedule.killSent()) trees.signal('SIGKILL');
    if (performance.now() - killedAt > patienceMs) break;
    await pause(pollMs);
  }
  return trees.ended();
}

/** Trees that are being ended; they may grow while they are. */
interface Trees {
  /** Looks for all that is alive of them. */
  look(): Promise<Sighting>;
  /** Signals all that was ever found and still lives. */
  signal(signal: NodeJS.Signals): void;
  ended(): number[];
}

async function findTrees(pids: readonly number[], ownerId: string): Promise<Trees> {
  const { processes } = await listProcesses();
  const roots = listOwned(processes.filter(({ pid }) => pids.includes(pid)), ownerId).found;
  // What a root starts from now on carries the mark of its run, even when it leaves the root's group and outlives it.
  const runs = new Set(roots.map(({ pid }) => readEntries(pid, runVariable).at(-1)).filter((run) => run !== undefined));
  const known = new Map(roots.map((facts) => [facts.pid, facts]));
  return {
    async look() {
      const { processes: all, vanished } = await listProcesses();
      const living = all.filter(({ pid, ended, group }) => !ended && group !== 0 && pid !== process.pid);
      const sightings = [...runs].map((run) => sortByMark(living, runVariable, run));
      const marked = sightings.flatMap(({ found }) => found);
      const family = withRelatives([...known.values(), ...marked].filter(isStillThere).map(({ pid }) => pid), living);
      const found = living.filter(({ pid }) => family.has(pid) && sendSignal(pid, 0));
      for (const facts of found) known.set(facts.pid, facts);
      return { found, fleeting: known.size === 0 ? [] : vanished, starting: sightings.flatMap(({ starting }) => starting) };
    },
    signal: (signal) => [...known.values()].forEach((facts) => signalProcess(facts, signal)),
    ended: () => [...known.values()].filter((facts) => !isStillThere(facts)).map(({ pid }) => pid),
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { ownerVariable } from './child-environment.ts';
import { createKillSchedule, killOrders, type KillOrder } from './kill-order.ts';
import { parseOwner } from './owner.ts';
import { carriesEntry, hasProcessTable, listProcesses, readProcess, type ProcessFacts } from './process-table.ts';
import { sendSignal, signalProcess, withRelatives } from './process-tree.ts';

/** How processes that an owner left behind are ended. */
export interface EndProcessesOptions {
  /** Only processes that carry this owner's mark, and their descendants, are touched. */
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
 * The living processes that carry an owner's mark in their environment: what it started, and what those started in turn.
 * This process itself is never among them. Processes that may not be looked at are left out, and so are all where there is no `/proc`.
 * Throws `INVALID_OPTION` when `ownerId` is no owner id.
 */
export async function processesOf(ownerId: string): Promise<number[]> {
  parseOwner(ownerId);
  if (!hasProcessTable()) return [];
  return (await listProcesses()).filter((facts) => isOwned(facts, ownerId)).map(({ pid }) => pid);
}

function isOwned({ pid, ended }: ProcessFacts, ownerId: string): boolean {
  return !ended && pid !== process.pid && carriesEntry(pid, ownerVariable, ownerId);
}

/**
 * Ends those of `pids` that carry the owner's mark, with their groups and descendants, and resolves when they are gone, with the pids
 * that were ended. A process that hangs in the kernel is given up 5 s after KILL and is not in the answer. A pid without the mark is left alone, and so is one that has passed to a later process in the meantime: it is
 * looked at again, mark and start time, right before each signal. Meant for owners that are dead; see `isOwnerAlive`.
 */
export async function endProcesses(pids: readonly number[], { ownerId, order = killOrders.abort, clock = systemClock }: EndProcessesOptions): Promise<number[]> {
  parseOwner(ownerId);
  if (!hasProcessTable() || pids.length === 0) return [];
  const processes = await listProcesses();
  const marked = processes.filter((facts) => pids.includes(facts.pid) && isOwned(facts, ownerId));
  const family = withRelatives(marked.map(({ pid }) => pid), processes);
  const targets = processes.filter(({ pid, ended }) => family.has(pid) && !ended && pid !== process.pid && sendSignal(pid, 0));
  let killedAt = Infinity;
  using schedule = createKillSchedule(clock, (signal) => {
    if (signal === 'SIGKILL') killedAt = performance.now();
    for (const facts of targets) signalProcess(facts, signal);
  });
  if (targets.length > 0) schedule.start(order);
  while (targets.some(isThere) && performance.now() - killedAt < patienceMs) await pause(pollMs);
  return targets.filter((facts) => !isThere(facts)).map(({ pid }) => pid);
}

function isThere({ pid, startTicks }: ProcessFacts): boolean {
  const now = readProcess(pid);
  return now !== undefined && now.startTicks === startTicks && !now.ended;
}

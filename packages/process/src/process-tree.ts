import { runVariable } from './child-environment.ts';
import { carriesEntry, hasProcessTable, listProcesses, readProcess, type ProcessFacts } from './process-table.ts';

/** How the processes of one run are known. */
export interface TreeMark {
  /** The first process; it leads a group and a session of its own. */
  readonly pid: number;
  /** When it started; all others started later. Nothing where the machine has no `/proc`. */
  readonly startTicks: number | undefined;
  /** The entry in the environment of every process of the run. */
  readonly run: string;
}

/** Sends a signal; 0 only asks. False when there is nobody to take it, or nobody that we may send to. */
export function sendSignal(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/** The pids in `first`, their groups and sessions, and whoever descends from them by a chain that still lives. */
export function withRelatives(first: Iterable<number>, processes: readonly ProcessFacts[]): Set<number> {
  const found = new Set(first);
  let size = -1;
  while (size !== found.size) {
    size = found.size;
    for (const { pid, parent, group, session } of processes) {
      if (found.has(parent) || found.has(group) || found.has(session)) found.add(pid);
    }
  }
  return found;
}

/** Living relatives of the first process, itself among them. Those that left both group and parents behind are not found: see `listTree`. */
export async function listRelatives(mark: TreeMark): Promise<ProcessFacts[]> {
  return (await candidates(mark)).related;
}

/** Every living process of the run: relatives, and those that only the mark in their environment tells of. */
export async function listTree(mark: TreeMark): Promise<ProcessFacts[]> {
  const { related, others } = await candidates(mark);
  return [...related, ...others.filter(({ pid }) => carriesEntry(pid, runVariable, mark.run) && sendSignal(pid, 0))];
}

async function candidates(mark: TreeMark): Promise<{ related: ProcessFacts[]; others: ProcessFacts[] }> {
  if (!hasProcessTable()) return { related: [], others: [] };
  const earliest = mark.startTicks ?? 0;
  const later = (await listProcesses()).filter(({ pid, startTicks }) => startTicks >= earliest && pid !== process.pid);
  const family = withRelatives([mark.pid], later);
  const living = later.filter(({ ended }) => !ended);
  // What runs as another user cannot be ended from here; waiting for it would have no end.
  return { related: living.filter(({ pid }) => family.has(pid) && sendSignal(pid, 0)), others: living.filter(({ pid }) => !family.has(pid)) };
}

/** Signals one process, if the pid still means the process that was meant. */
export function signalProcess(facts: ProcessFacts, signal: NodeJS.Signals): boolean {
  return readProcess(facts.pid)?.startTicks === facts.startTicks && sendSignal(facts.pid, signal);
}

/** The pids of the run that still live. Where there is no `/proc` only the group can be asked, and its number stands for all. */
export async function listRemains(mark: TreeMark): Promise<number[]> {
  if (hasProcessTable()) return (await listTree(mark)).map(({ pid }) => pid);
  return sendSignal(groupOf(mark), 0) ? [mark.pid] : [];
}

/**
 * Signals the whole tree: the group at once, then those that left it.
 * `leading` says that the first process has not been waited for. Only so long is the number of the group surely ours;
 * after that each process is signalled by itself, where they can be told apart.
 */
export async function signalTree(mark: TreeMark, signal: NodeJS.Signals, leading: boolean): Promise<void> {
  const asGroup = leading || !hasProcessTable();
  if (asGroup) sendSignal(groupOf(mark), signal);
  for (const facts of await listTree(mark)) if (!asGroup || facts.group !== mark.pid) signalProcess(facts, signal);
}

function groupOf({ pid }: TreeMark): number {
  return process.platform === 'win32' ? pid : -pid;
}

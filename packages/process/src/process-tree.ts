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

/** Living processes, and those of which one look could not tell whether they belong to them. */
export interface Sighting {
  readonly found: ProcessFacts[];
  /** Went during the look, or had just gone: something that they started may be missing. */
  readonly fleeting: readonly number[];
  /** Are just becoming another program. */
  readonly starting: readonly number[];
}

/** Every living process of the run: relatives, and those that only the mark in their environment tells of. */
export async function listTree(mark: TreeMark): Promise<Sighting> {
  const { related, others, fleeting } = await candidates(mark);
  const { found, starting } = sortByMark(others, runVariable, mark.run);
  return { found: [...related, ...found], fleeting, starting };
}

/** Of these processes, those that carry an entry in their environment. */
export function sortByMark(processes: readonly ProcessFacts[], variable: string, entry: string): Pick<Sighting, 'found' | 'starting'> {
  const carried = processes.map((facts) => ({ facts, carries: carriesEntry(facts.pid, variable, entry) }));
  return {
    found: carried.filter(({ carries, facts }) => carries === true && sendSignal(facts.pid, 0)).map(({ facts }) => facts),
    starting: carried.filter(({ carries }) => carries === 'unclear').map(({ facts }) => facts.pid),
  };
}

interface Candidates {
  readonly related: ProcessFacts[];
  readonly others: ProcessFacts[];
  readonly fleeting: readonly number[];
}

async function candidates(mark: TreeMark): Promise<Candidates> {
  if (!hasProcessTable()) return { related: [], others: [], fleeting: [] };
  const { processes, vanished } = await listProcesses();
  const earliest = mark.startTicks ?? 0;
  const later = processes.filter(({ pid, startTicks }) => startTicks >= earliest && pid !== process.pid);
  const family = withRelatives([mark.pid], later);
  const living = later.filter(({ ended }) => !ended);
  return {
    // What runs as another user cannot be ended from here; waiting for it would have no end.
    related: living.filter(({ pid }) => family.has(pid) && sendSignal(pid, 0)),
    // Kernel threads have no group.
    others: living.filter(({ pid, group }) => !family.has(pid) && group !== 0),
    fleeting: [...vanished, ...later.filter(({ ended }) => ended).map(({ pid }) => pid)],
  };
}

/** Signals one process, if the pid still means the process that was meant. */
export function signalProcess(facts: ProcessFacts, signal: NodeJS.Signals): boolean {
  return readProcess(facts.pid)?.startTicks === facts.startTicks && sendSignal(facts.pid, signal);
}

/** Whether the group still has somebody in it: all that can be asked where there is no `/proc`. */
export function isGroupThere(mark: TreeMark): boolean {
  return sendSignal(groupOf(mark), 0);
}

/**
 * Signals the whole tree: the group at once, then those that left it.
 * `leading` says that the first process has not been waited for. Only so long is the number of the group surely ours;
 * after that each process is signalled by itself, where they can be told apart.
 */
export async function signalTree(mark: TreeMark, signal: NodeJS.Signals, leading: boolean): Promise<void> {
  const asGroup = leading || !hasProcessTable();
  if (asGroup) sendSignal(groupOf(mark), signal);
  for (const facts of (await listTree(mark)).found) if (!asGroup || facts.group !== mark.pid) signalProcess(facts, signal);
}

function groupOf({ pid }: TreeMark): number {
  return process.platform === 'win32' ? pid : -pid;
}

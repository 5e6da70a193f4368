import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** What `/proc/<pid>/stat` tells about one process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it started, in clock ticks since the machine did. With the pid it names a process for as long as the machine runs. */
  readonly startTicks: number;
  /** Ended with all its threads, and only waiting for its parent to take notice. */
  readonly ended: boolean;
  /** User and system time of its own, in clock ticks. */
  readonly ownTicks: number;
  /** The same of its children that ended and were waited for. */
  readonly reapedTicks: number;
}

/** Clock ticks in `/proc` are hundredths of a second on every Linux that Node runs on. */
export const msPerTick = 10;

/** What reading says when a process has gone, or has given its memory back and is about to go. */
const gone = new Set(['ENOENT', 'ESRCH']);
/** What reading says when the process belongs to somebody else. */
const forbidden = new Set(['EACCES', 'EPERM']);

/** How many processes are read before other work of this thread gets its turn. */
const slice = 64;

/** Whether this machine tells about its processes through `/proc`, as Linux does. */
export function hasProcessTable(): boolean {
  return existsSync('/proc/self/stat');
}

/** A file of `/proc/<pid>/`, or nothing when the process is gone or may not be looked at. */
export function readProcessFile(pid: number | 'self', name: 'stat' | 'status' | 'environ'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (gone.has(code) || forbidden.has(code)) return undefined;
    throw error;
  }
}

/** Reads a line of `/proc/<pid>/stat`. The name of the program stands in parentheses and may itself hold blanks and parentheses. */
export function parseStat(line: string): ProcessFacts | undefined {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const numberAt = (field: number): number => Number(fields[field - 3]);
  const facts = {
    pid,
    parent: numberAt(4),
    group: numberAt(5),
    session: numberAt(6),
    startTicks: numberAt(22),
    // The first thread of a killed process may be gone tens of milliseconds before the others, which still hold its files and write to them.
    ended: (fields[0] === 'Z' || fields[0] === 'X') && numberAt(20) <= 1,
    ownTicks: numberAt(14) + numberAt(15),
    reapedTicks: numberAt(16) + numberAt(17),
  };
  return Number.isNaN(pid) || Number.isNaN(facts.startTicks) ? undefined : facts;
}

/** One process, or nothing when it is gone. */
export function readProcess(pid: number | 'self'): ProcessFacts | undefined {
  const line = readProcessFile(pid, 'stat');
  return line === undefined ? undefined : parseStat(line);
}

/** The processes of a machine, read one after the other while they come and go. */
export interface ProcessList {
  readonly processes: ProcessFacts[];
  /** Those that went while the list was read: what they started meanwhile is not in it. */
  readonly vanished: number[];
}

/** All processes that this one may see. It reads in slices, so that a full machine does not hold up the event loop. */
export async function listProcesses(): Promise<ProcessList> {
  const processes: ProcessFacts[] = [];
  const vanished: number[] = [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  for (const [index, pid] of pids.entries()) {
    const facts = readProcess(pid);
    if (facts === undefined) vanished.push(pid);
    else processes.push(facts);
    if (index % slice === slice - 1) await nextTurn();
  }
  return { processes, vanished };
}

/** Whether this process, and no later one with its pid, still lives. */
export function isStillThere({ pid, startTicks }: ProcessFacts): boolean {
  const now = readProcess(pid);
  return now !== undefined && now.startTicks === startTicks && !now.ended;
}

/** The entries of a list in the environment that a process was started with; none when it may not be looked at, or is starting or going. */
export function readEntries(pid: number, variable: string): string[] {
  return entriesIn(readProcessFile(pid, 'environ') ?? '', variable);
}

/**
 * Whether a list in the environment that a process was started with has this entry. Unclear while the process is just becoming another
 * program, or is about to go: it has no environment then. False for processes of somebody else, which may not be looked at.
 */
export function carriesEntry(pid: number, variable: string, entry: string): boolean | 'unclear' {
  const environment = readProcessFile(pid, 'environ') ?? '';
  if (environment !== '') return entriesIn(environment, variable).includes(entry);
  return hasEnvironment(pid) ? 'unclear' : false;
}

/** Whether a process has an environment that we may read, though it read as empty: at another moment it will tell. */
function hasEnvironment(pid: number): boolean {
  const line = readProcessFile(pid, 'stat') ?? '';
  const [start, end] = line.slice(line.lastIndexOf(')') + 2).split(' ').slice(50 - 3, 52 - 3);
  const isEmpty = start === end && end !== '0';
  return parseStat(line)?.ended === false && !isEmpty && mayRead(pid);
}

function mayRead(pid: number): boolean {
  try {
    closeSync(openSync(`/proc/${pid}/environ`, 'r'));
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (gone.has(code) || forbidden.has(code)) return gone.has(code);
    throw error;
  }
}

function entriesIn(environment: string, variable: string): string[] {
  const line = environment.split('\0').find((text) => text.startsWith(`${variable}=`));
  return line === undefined ? [] : line.slice(variable.length + 1).split(':');
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** What `/proc/<pid>/stat` tells about one process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** When it started, in clock ticks since the machine did. With the pid it names a process for as long as the machine runs. */
  readonly startTicks: number;
  /** Ended, and only waiting for its parent to take notice. */
  readonly ended: boolean;
  /** User and system time of its own, in clock ticks. */
  readonly ownTicks: number;
  /** The same of its children that ended and were waited for. */
  readonly reapedTicks: number;
}

/** Clock ticks in `/proc` are hundredths of a second on every Linux that Node runs on. */
export const msPerTick = 10;

/** What reading says when a process has just gone, or belongs to somebody else. */
const expected = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL']);

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
    if (expected.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
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
    ended: fields[0] === 'Z' || fields[0] === 'X',
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

/** All processes that this one may see. It reads in slices, so that a full machine does not hold up the event loop. */
export async function listProcesses(): Promise<ProcessFacts[]> {
  const found: ProcessFacts[] = [];
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const [index, name] of names.entries()) {
    const facts = readProcess(Number(name));
    if (facts !== undefined) found.push(facts);
    if (index % slice === slice - 1) await nextTurn();
  }
  return found;
}

/** Whether the environment that a process was started with has `variable` with `entry` in its list (see `appendEntry`). */
export function carriesEntry(pid: number, variable: string, entry: string): boolean {
  const environment = readProcessFile(pid, 'environ');
  const line = environment?.split('\0').find((text) => text.startsWith(`${variable}=`));
  return line !== undefined && line.slice(variable.length + 1).split(':').includes(entry);
}

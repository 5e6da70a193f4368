import { readdirSync, readFileSync } from 'node:fs';

/** Less than this from one look to the next is a slow disk; a program that searches junk reads far more. */
const slowBytes = 1_048_576;

/**
 * Makes a figure for `sample` of `runProgram` that changes when a program stands still because of the disk: a thread of it waits in the kernel (state D of
 * `/proc`), and next to nothing was read or written since the last look. Such time does not count as a stall; the time limit stays. A program that reads
 * without getting on, however slowly it is scheduled, finds no patience. Where there is no `/proc` the figure never changes. `proc` is for tests.
 */
export function createDiskPatience(proc = '/proc'): (pid: number) => number {
  let last: number | undefined;
  let waits = 0;
  return (pid) => {
    const moved = movedBytes(proc, pid);
    if (moved === undefined) return waits;
    if (isWaiting(proc, pid) && moved - (last ?? moved) < slowBytes) waits += 1;
    last = moved;
    return waits;
  };
}

/** Bytes that went to and from disks; undefined for a process that is gone, or may not be looked at. */
function movedBytes(proc: string, pid: number): number | undefined {
  const io = readOf(`${proc}/${pid}/io`);
  if (io === undefined) return undefined;
  const bytes = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? 0);
  return bytes('read_bytes') + bytes('write_bytes');
}

function isWaiting(proc: string, pid: number): boolean {
  return threadsOf(`${proc}/${pid}/task`).some((thread) => {
    const line = readOf(`${proc}/${pid}/task/${thread}/stat`) ?? '';
    return line.slice(line.lastIndexOf(')') + 2, line.lastIndexOf(')') + 3) === 'D';
  });
}

function threadsOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function readOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile, belongs to somebody else, or this machine tells nothing of it.
    return undefined;
  }
}

import { readFileSync } from 'node:fs';

/** Names a process for as long as the machine runs: a pid alone may be given to a later one. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since the machine started; null where the machine does not tell. */
  readonly startTicks: string | null;
}

function startTicksOf(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name stands in parentheses and may hold blanks; the start is the 22nd field.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

/** The mark of a process that runs now. */
export function markProcess(pid: number): ProcessMark {
  return { pid, startTicks: startTicksOf(pid) };
}

/** Whether the process is gone for certain: nobody has its pid, or somebody who started later. */
export function isProcessGone(mark: ProcessMark): boolean {
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const now = startTicksOf(mark.pid);
  return mark.startTicks !== null && now !== null && now !== mark.startTicks;
}

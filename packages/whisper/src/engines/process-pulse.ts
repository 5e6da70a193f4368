import { readFileSync } from 'node:fs';

/** What the kernel knows of a process. */
export interface ProcessPulse {
  readonly cpuMs: number;
  /** Largest resident memory so far. */
  readonly peakRssBytes: number;
}

/** Clock ticks of `/proc` in milliseconds: 100 a second on every Linux that Node runs on. */
const msPerTick = 10;

/** Processor time and peak memory of one process, exact; undefined where the machine does not tell, or the process is gone. */
export function readPulse(pid: number): ProcessPulse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name stands in parentheses and may hold blanks; the times are the 14th and 15th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick, peakRssBytes: Number(peak ?? 0) * 1024 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

import { findUtility } from './util-linux.ts';

/**
 * Puts `prlimit` before a program, where there is one: the kernel then ends the program with SIGXCPU after so many seconds of processor time, and with
 * KILL a second later, also when nobody watches it any more. It becomes the program: one pid, one process.
 */
export async function withCpuLimit(cpuSeconds: number | undefined, line: readonly [string, ...string[]], path: string | undefined): Promise<readonly [string, ...string[]]> {
  const prlimit = cpuSeconds === undefined ? undefined : await findUtility('prlimit', 'CPU time', path ?? '');
  if (prlimit === undefined || cpuSeconds === undefined) return line;
  const seconds = Math.ceil(cpuSeconds);
  return [prlimit, `--cpu=${seconds}:${seconds + 1}`, ...line];
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { processesOf } from './leftovers.ts';

/** Compiled sources are kept between the many commands of a test file: they start much faster. */
export const compileCache = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)) };

/** What a maker of jobs is told. */
export interface MakeJobsOptions {
  readonly workFolder: string;
  /** The input of the jobs. */
  readonly file: string;
  readonly mode: 'ended' | 'running';
  /** Default 1. */
  readonly ttlHours?: number;
  /** Is told of the process at once, so that it can be ended whatever happens. */
  readonly makers: ChildProcess[];
}

/** Starts `job-maker.ts` as a process of its own; resolves with the ids that it says. `ended` has ended then; `running` has a program at work. */
export async function makeJobs({ workFolder, file, mode, ttlHours = 1, makers }: MakeJobsOptions): Promise<{ readonly maker: ChildProcess; readonly message: Readonly<Record<string, string>> }> {
  const maker = fork(fileURLToPath(new URL('./job-maker.ts', import.meta.url)), [workFolder, file, mode, String(ttlHours)], { execArgv: ['--conditions=@media-jobs/source'], env: { ...process.env, ...compileCache } });
  makers.push(maker);
  const [message] = (await Promise.race([once(maker, 'message'), once(maker, 'exit').then(() => Promise.reject(new Error('The maker of jobs ended too soon.')))])) as [Record<string, string>];
  if (mode === 'ended' && maker.exitCode === null) await once(maker, 'exit');
  if (mode === 'running') await vi.waitFor(() => expect(processesOf(maker.pid ?? 0)).toHaveLength(1), { timeout: 10_000 });
  return { maker, message };
}

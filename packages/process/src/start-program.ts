import { existsSync, statSync } from 'node:fs';
import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { childEnvironment, type ChildEnvironment } from './child-environment.ts';
import type { ProcessControls } from './controls.ts';
import { withCpuLimit } from './cpu-limit.ts';
import { findProgram } from './find-program.ts';
import { withParentDeath, type ParentDeath } from './parent-death.ts';
import { abortError, startError } from './program-errors.ts';
import { startSupervised, type SupervisedChild } from './supervised-child.ts';

/** What is needed to start a program. */
export interface StartOptions extends Pick<ProcessControls, 'signal' | 'kill'> {
  readonly command: string;
  readonly args: readonly string[];
  /** What messages and usage call it. */
  readonly label: string;
  readonly cwd: string;
  readonly env?: ChildEnvironment | undefined;
  readonly parentDeath: ParentDeath;
  readonly cpuSeconds?: number | undefined;
  readonly ipc: boolean;
  readonly niceness?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A program that has been started, and the file that it was found in. */
export interface StartedProgram {
  readonly child: SupervisedChild;
  readonly file: string;
}

/** Finds a program and starts it, unless the caller has aborted before. Rejects with a `MediaJobError`. */
export async function startProgram(options: StartOptions): Promise<StartedProgram> {
  const { command, args, label, cwd, parentDeath } = options;
  refuseAborted(options);
  const { environment, run } = childEnvironment(options.env);
  const path = environment['PATH'];
  checkFolder(cwd);
  const file = findProgram(command, { cwd, path });
  const line = await withParentDeath(parentDeath, await withCpuLimit(options.cpuSeconds, [file, ...args], path), path);
  refuseAborted(options);
  try {
    const child = await startSupervised({ ...options, command: label, line, environment, run });
    return { child, file };
  } catch (error) {
    throw startError(label, file, error);
  }
}

function refuseAborted({ label, signal, kill }: StartOptions): void {
  for (const control of [signal, kill]) if (control?.aborted === true) throw abortError(label, control.reason);
}

function checkFolder(cwd: string): void {
  if (existsSync(cwd) && statSync(cwd).isDirectory()) return;
  throw new MediaJobError('INVALID_OPTION', { message: `Expected \`cwd\` to be a folder, got \`${cwd}\`.`, advice: 'Make the folder first, or name another.' });
}

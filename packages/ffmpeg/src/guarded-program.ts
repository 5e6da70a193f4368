import { runProgram, type ProcessControls, type ProgramResult, type RunProgramOptions } from '@media-jobs/process';
import { programEnvironment } from './arguments.ts';
import { onlyControls } from './call-controls.ts';
import type { ConcurrencyGate } from './concurrency-gate.ts';
import { createDiskPatience } from './disk-patience.ts';
import type { ResolvedFfmpegOptions } from './options.ts';

/** What all programs of one instance share. */
export interface ProgramContext {
  readonly options: ResolvedFfmpegOptions;
  readonly gate: ConcurrencyGate;
}

/** What is run, and within which bounds. */
export type GuardedProgram = Omit<RunProgramOptions, keyof ProcessControls | 'env' | 'niceness' | 'clock'>;

/**
 * Runs ffmpeg or ffprobe when it is its turn: at the gate of the instance, standing back for others, in a clean environment.
 * Its time limit starts when it is let in. Nothing that is called while it runs may wait for the same gate.
 */
export async function runGuarded(program: GuardedProgram, { options, gate }: ProgramContext, controls: ProcessControls): Promise<ProgramResult> {
  using _place = await gate.enter(controls);
  const { logger, clock, niceness } = options;
  return await runProgram({ logger, ...onlyControls(controls), ...program, ...withPatience(program), env: programEnvironment, niceness, clock });
}

/** A program that is watched for stalls is not one of them while it waits for a slow disk. */
function withPatience({ stall, sample }: GuardedProgram): Pick<GuardedProgram, 'sample'> {
  if (stall === undefined) return {};
  const patience = createDiskPatience();
  return { sample: async (pid) => `${(await sample?.(pid)) ?? ''} ${patience(pid)}` };
}

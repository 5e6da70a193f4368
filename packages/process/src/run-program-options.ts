import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import type { ChildEnvironment } from './child-environment.ts';
import type { ProcessControls } from './controls.ts';
import { killOrders, type KillOrder } from './kill-order.ts';
import type { ParentDeath } from './parent-death.ts';
import type { StallLimits } from './watchdog.ts';

/** Takes one line of output, without its end. `sign` says that the line shows progress. */
export type LineListener = (line: string, sign: () => void) => void;
/** Takes output as it comes. Reading pauses until the promise settles. `sign` says that the bytes show progress. */
export type ChunkListener = (chunk: Uint8Array, sign: () => void) => void | Promise<void>;

/** What to run, and within which bounds. */
export interface RunProgramOptions extends ProcessControls {
  /** A name to be found in `PATH`, or a path. Never passed through a shell. */
  readonly command: string;
  readonly args: readonly string[];
  /** Folder that the program starts in. Default: that of this process. */
  readonly cwd?: string;
  /** Added to the environment of this process; `undefined` takes a variable away. Those of `notHandedOn` are left out. */
  readonly env?: ChildEnvironment;
  /** Limit for the whole run. Default: none. */
  readonly timeoutMs?: number;
  /** How the tree is ended at `timeoutMs` and at a stall. Default: `killOrders.timeLimit`. */
  readonly killAfter?: KillOrder;
  /**
   * Ends a program that shows no progress. Signs are given by the listeners (`sign`) and by `sample`.
   * Where there is neither a listener nor a `sample`, all output is a sign.
   */
  readonly stall?: StallLimits;
  readonly onStdoutLine?: LineListener;
  readonly onStderrLine?: LineListener;
  /** Raw bytes of the standard output; there are then no lines and no tail of it. */
  readonly onStdout?: ChunkListener;
  /** Kept of the end of each stream, in bytes; lines are cut at 4 KiB. Default 256 KiB. */
  readonly maxTailBytes?: number;
  /** A figure that grows with the work, such as the size of the output file; each change is a sign. Asked four times in each stall window, with the pid of the program. */
  readonly sample?: (pid: number) => Promise<number | string> | number | string;
  /** How far the program stands back for others, 0 to 19 as `nice` counts. Default 0. */
  readonly niceness?: number;
  /** Exit codes that mean success. Default `[0]`. */
  readonly acceptExitCodes?: readonly number[];
  /** Called once, when the program has started. */
  readonly onStart?: (pid: number) => void;
  /**
   * Seconds of processor time after which the kernel ends the program (SIGXCPU, and KILL a second later), also when this process is dead by then: where the
   * machine has util-linux's `prlimit`. Counted for each process by itself. Default: none.
   */
  readonly cpuSeconds?: number;
  /** `kill` (default): the kernel kills the program when this process dies, where the machine has util-linux's `setpriv`. */
  readonly parentDeath?: ParentDeath;
  /** Drives the limits. Default: the machine's own. */
  readonly clock?: Clock;
}

/** The defaults of `runProgram`. */
export const runProgramDefaults = Object.freeze({
  killAfter: killOrders.timeLimit,
  maxTailBytes: 256 * 1024,
  acceptExitCodes: Object.freeze([0] as const),
  parentDeath: 'kill',
} as const);

export interface ResolvedRunOptions extends Omit<RunProgramOptions, 'logger' | 'clock'> {
  readonly cwd: string;
  readonly killAfter: KillOrder;
  readonly maxTailBytes: number;
  readonly acceptExitCodes: readonly number[];
  readonly parentDeath: ParentDeath;
  readonly logger: Logger;
  readonly clock: Clock;
}

function refuse(name: string, expected: string, value: unknown): never {
  throw new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${name}\` to be ${expected}, got \`${String(value)}\`.`,
    advice: 'See the options of the call in its documentation.',
  });
}

/** Checks and completes options that go around every process. */
export function checkProgramText(command: string, args: readonly string[]): void {
  if (typeof command !== 'string' || command === '' || command.includes('\0')) refuse('command', 'the name or path of a program', command);
  const bad = args.find((text) => typeof text !== 'string' || text.includes('\0'));
  if (bad !== undefined) refuse('args', 'texts without a zero byte', bad);
}

export function checkDuration(name: string, value: number | undefined): void {
  if (value !== undefined && !(value > 0)) refuse(name, 'a number of milliseconds above 0', value);
}

/** Options with their defaults. Throws `INVALID_OPTION`. */
export function resolveOptions(options: RunProgramOptions): ResolvedRunOptions {
  const { killAfter = runProgramDefaults.killAfter, maxTailBytes = runProgramDefaults.maxTailBytes, acceptExitCodes = runProgramDefaults.acceptExitCodes } = options;
  const { parentDeath = runProgramDefaults.parentDeath, cwd = process.cwd(), logger = silentLogger, clock = systemClock } = options;
  checkProgramText(options.command, options.args);
  checkDuration('timeoutMs', options.timeoutMs);
  checkDuration('stall.timeoutMs', options.stall?.timeoutMs);
  checkDuration('stall.firstTimeoutMs', options.stall?.firstTimeoutMs);
  if (!Number.isInteger(maxTailBytes) || maxTailBytes < 0) refuse('maxTailBytes', 'a whole number of bytes', maxTailBytes);
  if (!killAfter.every((ms) => ms >= 0) || killAfter[2] === Infinity) refuse('killAfter', 'three times in milliseconds, of which the last comes', killAfter.join());
  const { niceness = 0, cpuSeconds = Infinity } = options;
  if (!(cpuSeconds > 0)) refuse('cpuSeconds', 'a number of seconds above 0', cpuSeconds);
  if (!Number.isInteger(niceness) || niceness < 0 || niceness > 19) refuse('niceness', 'a whole number from 0 to 19', niceness);
  if (options.sample !== undefined && options.stall === undefined) refuse('sample', 'absent where `stall` is', 'a function');
  if (options.onStdout !== undefined && options.onStdoutLine !== undefined) refuse('onStdoutLine', 'absent where `onStdout` is given', 'both');
  return Object.freeze({ ...options, killAfter, maxTailBytes, acceptExitCodes, parentDeath, cwd, logger, clock });
}

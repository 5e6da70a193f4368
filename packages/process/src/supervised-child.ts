import { spawn, type ChildProcessByStdio, type StdioOptions } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import type { Clock, Logger } from '@media-jobs/foundation';
import { endRemains, pipeGraceMs, within } from './after-exit.ts';
import type { ProcessUsage } from './controls.ts';
import { endWithThisProcess } from './exit-hook.ts';
import { createKillSchedule, type KillOrder } from './kill-order.ts';
import { readProcess } from './process-table.ts';
import { signalTree, type TreeMark } from './process-tree.ts';
import { createUsageSampler } from './usage-sampler.ts';

/** How a process ended. One of `exitCode` and `signal` is null. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly usage: ProcessUsage;
  readonly durationMs: number;
}

export interface SupervisedOptions {
  /** As the caller named it; for messages and usage. */
  readonly command: string;
  /** The file to start, and its arguments. */
  readonly line: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The entry in the environment by which the processes of this run are known. */
  readonly run: string;
  /** Whether the child gets a channel for messages. */
  readonly ipc: boolean;
  /** 0 to 19, as `nice` counts. */
  readonly niceness?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A child whose two outputs are pipes. */
export type PipedProcess = ChildProcessByStdio<null, Readable, Readable>;

/** A process that is not over before its whole tree is. */
export interface SupervisedChild {
  readonly process: PipedProcess;
  readonly pid: number;
  /** Ends the whole tree in this order. */
  readonly end: (order: KillOrder) => void;
  /** Looks at the usage now, as at a sign of progress. */
  readonly glance: () => void;
  /** To be told while a reader holds up the reading of the output: that time does not count against the pipes. */
  readonly hold: (held: boolean) => void;
  /** Resolves when process, tree and pipes are gone. */
  readonly gone: Promise<ChildEnd>;
}

/** Starts a process that leads a group of its own. Rejects with the error of `spawn`. */
export async function startSupervised(options: SupervisedOptions): Promise<SupervisedChild> {
  const { cwd, environment, ipc, clock } = options;
  const [file, ...args] = options.line;
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])];
  const began = clock.monotonic();
  const child = spawn(file, args, { cwd, env: environment, stdio, detached: process.platform !== 'win32', shell: false, serialization: 'json', windowsHide: true }) as PipedProcess;
  const { pid } = child;
  if (pid === undefined) return new Promise((_, reject) => child.once('error', reject));
  yieldTo(pid, options);
  child.on('error', (error) => options.logger.warn({ pid, command: options.command, error }, 'A child process reports an error.'));
  return supervise(child, pid, began, options);
}

/** Threads take over the niceness of the one that starts them, so it is set before the program can have started any. */
function yieldTo(pid: number, { niceness = 0, command, logger }: SupervisedOptions): void {
  if (niceness === 0) return;
  try {
    setPriority(pid, niceness);
  } catch (error) {
    // It has ended already, or may not be changed: the program runs as it is.
    logger.debug({ pid, command, error }, 'The niceness of a program could not be set.');
  }
}

function supervise(child: PipedProcess, pid: number, began: number, options: SupervisedOptions): SupervisedChild {
  const { clock, logger, command } = options;
  const mark: TreeMark = { pid, run: options.run, startTicks: readProcess(pid)?.startTicks };
  const sampler = createUsageSampler(mark, logger);
  const schedule = createKillSchedule(clock, (signal) => {
    const leading = child.exitCode === null && child.signalCode === null;
    signalTree(mark, signal, leading).catch((error: unknown) => logger.error({ pid, signal, error }, 'Signalling a tree of processes failed.'));
  });
  logger.debug({ pid, command, line: options.line }, 'A program has started.');
  const forget = endWithThisProcess(pid);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<Pick<ChildEnd, 'exitCode' | 'signal'>>((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })));
  let held = false;
  const finish = async (): Promise<ChildEnd> => {
    const end = await exited;
    const durationMs = clock.monotonic() - began;
    sampler.stop();
    await endRemains({ mark, schedule, closed, clock, logger });
    forget();
    await closePipes(child, closed, clock, () => held);
    schedule[Symbol.dispose]();
    const usage = { command, pid, wallMs: durationMs, cpuMs: sampler.cpuMs(), peakRssBytes: sampler.peakRssBytes() };
    logger.debug({ ...end, ...usage }, 'A program has ended, and all that it started.');
    return { ...end, durationMs, usage };
  };
  return {
    process: child,
    pid,
    end: (order) => schedule.start(order),
    glance: () => sampler.glance(),
    hold: (on) => void (held = on),
    gone: finish(),
  };
}

/**
 * Lets the pipes run dry. With the tree gone that takes no time, unless the reader of the output is slow, or a stranger holds a pipe:
 * such a pipe is cut after one second in which the reader was free.
 */
async function closePipes(child: PipedProcess, closed: Promise<void>, clock: Clock, isHeld: () => boolean): Promise<void> {
  const steps = 10;
  for (let free = 0; free < steps; ) {
    if (await within(clock, closed, pipeGraceMs / steps)) return;
    if (!isHeld()) free += 1;
  }
  if (child.connected) child.disconnect();
  child.stdout.destroy();
  child.stderr.destroy();
  await closed;
}

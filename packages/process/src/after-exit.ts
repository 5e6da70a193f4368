import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, Logger } from '@media-jobs/foundation';
import { killAtOnce, type KillSchedule } from './kill-order.ts';
import { hasProcessTable } from './process-table.ts';
import { listRemains, signalTree, type TreeMark } from './process-tree.ts';

/** What remains to be ended once the first process has exited. */
export interface Remains {
  readonly mark: TreeMark;
  readonly schedule: KillSchedule;
  /** Resolves when all pipes are closed. */
  readonly closed: Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long the pipes may stay open after the exit, because a grandchild holds them. */
export const pipeGraceMs = 1000;

/** A process that does not go at KILL hangs in the kernel, as with a dead network disk. After this long it is said. */
const warnAfterMs = 5000;
const longestPauseMs = 250;

/**
 * Sees to it that nothing of the tree is left. Unless an order is under way, what is left gets one second while it holds the pipes,
 * and none when it does not: the program has ended, so whatever it left behind was never to stay.
 */
export async function endRemains(remains: Remains): Promise<void> {
  const { mark, schedule, closed, clock, logger } = remains;
  await within(clock, Promise.race([closed, schedule.started]), pipeGraceMs);
  const began = performance.now();
  let warned = false;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const rest = await look(remains);
    if (rest?.length === 0) return;
    if (!warned && performance.now() - began > warnAfterMs) {
      warned = true;
      logger.warn({ pid: mark.pid, pids: rest }, 'Processes do not end although they were killed.');
      // Without /proc one that is gone, but for its parent's notice, looks as if it were there; and what cannot be listed cannot be waited for.
      if (rest === undefined || !hasProcessTable()) return;
    }
    await pause(pauseMs);
  }
}

/** Lists what is left, and kills it when it is time. Nothing when it cannot be listed, as when this process has no file left to open. */
async function look({ mark, schedule, logger }: Remains): Promise<number[] | undefined> {
  try {
    const rest = await listRemains(mark);
    if (rest.length > 0 && !schedule.isStarted()) schedule.start(killAtOnce);
    else if (rest.length > 0 && schedule.killSent()) await signalTree(mark, 'SIGKILL', false);
    return rest;
  } catch (error) {
    logger.warn({ pid: mark.pid, error }, 'What a program left behind cannot be listed.');
    return undefined;
  }
}

/** Whether `done` resolves within `ms` of the clock. */
export async function within(clock: Clock, done: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = clock.after(ms, () => resolve(false));
  const inTime = await Promise.race([done.then(() => true), late]);
  timer.cancel();
  return inTime;
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, Logger } from '@media-jobs/foundation';
import { createDoubt } from './doubt.ts';
import { killAtOnce, type KillSchedule } from './kill-order.ts';
import { hasProcessTable, isStillThere, type ProcessFacts } from './process-table.ts';
import { isGroupThere, listTree, signalProcess, signalTree, type TreeMark } from './process-tree.ts';

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
/** Whoever aborted waits for the last look. */
const longestPauseMs = 40;

/**
 * Sees to it that nothing of the tree is left. Unless an order is under way, what is left gets one second while it holds the pipes,
 * and none when it does not: the program has ended, so whatever it left behind was never to stay.
 */
export async function endRemains(remains: Remains): Promise<void> {
  const { mark, schedule, closed, clock, logger } = remains;
  await within(clock, Promise.race([closed, schedule.started]), pipeGraceMs);
  const look = hasProcessTable() ? createLook(remains) : (): Promise<Finding> => lookAtGroup(remains);
  const began = performance.now();
  let warned = false;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const finding = await look().catch((error: unknown): Finding => {
      logger.warn({ pid: mark.pid, error }, 'What a program left behind cannot be listed.');
      return 'unknown';
    });
    if (finding === 'nothing') return;
    if (!warned && performance.now() - began > warnAfterMs) {
      warned = true;
      logger.warn({ pid: mark.pid }, 'Processes that a program started do not end although they were killed.');
      // What cannot be seen cannot be waited for.
      if (finding === 'unknown') return;
    }
    await pause(pauseMs);
  }
}

/** `unknown`: it cannot be told whether something is left. */
type Finding = 'nothing' | 'something' | 'unknown';

/** Lists what is left, and kills it when it is time. Rejects when it cannot be listed, as when this process may open no more files. */
function createLook({ mark, schedule }: Remains): () => Promise<Finding> {
  const mayBeMore = createDoubt();
  let known: ProcessFacts[] = [];
  return async () => {
    const sighting = await listTree(mark);
    // One that is going gives its environment back before its files: it is still known, though not by its mark.
    known = [...sighting.found, ...known.filter(({ pid }) => sighting.found.every((facts) => facts.pid !== pid))].filter(isStillThere);
    if (!mayBeMore({ ...sighting, found: known })) return 'nothing';
    if (known.length === 0) return 'something';
    if (!schedule.isStarted()) schedule.start(killAtOnce);
    else if (schedule.killSent()) for (const facts of known) signalProcess(facts, 'SIGKILL');
    return 'something';
  };
}

/** Without `/proc`, one that is gone but for its parent's notice looks as if it were there. */
async function lookAtGroup({ mark, schedule }: Remains): Promise<Finding> {
  if (!isGroupThere(mark)) return 'nothing';
  if (!schedule.isStarted()) schedule.start(killAtOnce);
  else if (schedule.killSent()) await signalTree(mark, 'SIGKILL', false);
  return 'unknown';
}

/** Whether `done` resolves within `ms` of the clock. */
export async function within(clock: Clock, done: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = clock.after(ms, () => resolve(false));
  const inTime = await Promise.race([done.then(() => true), late]);
  timer.cancel();
  return inTime;
}

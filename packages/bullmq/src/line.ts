import type { Dispatch } from '@media-jobs/core';
import type { Queue } from 'bullmq';
import type { Connection } from './connection.ts';
import { bullmqPriority, entryId } from './names.ts';
import type { ResolvedBullmqQueueOptions } from './options.ts';
import { createOperationQueues } from './operation-queues.ts';

/** The waiting lines of all operations, whoever put something in. */
export interface Line {
  readonly dispatch: (dispatch: Dispatch) => Promise<void>;
  readonly depth: () => Promise<{ readonly waiting: number; readonly running: number }>;
  readonly purge: () => Promise<number>;
  readonly forget: (olderThanMs: number) => Promise<number>;
  readonly setPaused: (paused: boolean) => Promise<void>;
  /** The queue of one operation. */
  readonly open: (operation: string) => Promise<Queue>;
  /** The queues of all operations that anybody ever named. */
  readonly all: () => Promise<readonly Queue[]>;
}

/** Entries that one script removes: it must not hold Redis up. */
const batch = 1_000;

/** Before all entries that were made by clocks that are a year ahead, too. */
const anyAgeMs = -365 * 24 * 3_600_000;

/** Makes the lines; nothing is sent before the first call. Every call throws what `Connection.call` does. */
export function createLine(connection: Connection, options: ResolvedBullmqQueueOptions): Line {
  const queues = createOperationQueues(connection, options);
  const sum = async (count: (queue: Queue) => Promise<number>): Promise<number> => {
    const counts = await Promise.all((await queues.all()).map(count));
    return counts.reduce((total, one) => total + one, 0);
  };
  return {
    open: (operation) => connection.call(() => queues.open(operation)),
    all: () => connection.call(() => queues.all()),
    dispatch: (dispatch) => connection.call(async () => put(await queues.open(dispatch.operation), dispatch)),
    depth: () => connection.call(async () => depthOf(await queues.all())),
    purge: () => connection.call(() => sum(purgeOne)),
    forget: (olderThanMs) => connection.call(() => sum((queue) => removeEnded(queue, olderThanMs))),
    setPaused: (paused) => connection.call(() => queues.setPaused(paused)),
  };
}

async function put(queue: Queue, { pointer, operation, priority, again = false }: Dispatch): Promise<void> {
  const jobId = entryId(pointer);
  // BullMQ takes no id that it still keeps, also of what has ended. Somebody else may do the same at once: the id is one all the same.
  if (again && ['completed', 'failed'].includes(await queue.getJobState(jobId))) await queue.remove(jobId);
  await queue.add(operation, pointer, { jobId, priority: bullmqPriority(priority) });
}

async function depthOf(queues: readonly Queue[]): Promise<{ readonly waiting: number; readonly running: number }> {
  const counts = await Promise.all(queues.map((queue) => queue.getJobCounts('wait', 'prioritized', 'delayed', 'active')));
  return {
    waiting: counts.reduce((total, { wait = 0, prioritized = 0, delayed = 0 }) => total + wait + prioritized + delayed, 0),
    running: counts.reduce((total, { active = 0 }) => total + active, 0),
  };
}

/** Never `obliterate`: that pauses the queue, refuses while something runs, and then leaves it paused. */
async function purgeOne(queue: Queue): Promise<number> {
  let waiting = 0;
  for (const state of ['wait', 'prioritized', 'delayed'] as const) waiting += await removeAll(queue, state, anyAgeMs);
  await removeEnded(queue, anyAgeMs);
  return waiting;
}

async function removeEnded(queue: Queue, olderThanMs: number): Promise<number> {
  return (await removeAll(queue, 'completed', olderThanMs)) + (await removeAll(queue, 'failed', olderThanMs));
}

async function removeAll(queue: Queue, state: 'wait' | 'prioritized' | 'delayed' | 'completed' | 'failed', olderThanMs: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const ids = await queue.clean(olderThanMs, batch, state);
    removed += ids.length;
    if (ids.length < batch) return removed;
  }
}

import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { DueJob } from '../ports/store-messages.ts';
import type { RunContext } from './run-context.ts';

/** How jobs are handed to the queue. */
export interface DispatchOptions {
  /** They may have been handed over before. Default `false`. */
  readonly again?: boolean;
}

/** Dispatches that are under way at once: a queue that is far answers them in one trip, and one that is cut off delays them together. */
const atOnce = 32;

/**
 * Hands jobs that stand in line to the queue, in their order. One that the queue does not take stays in the store, and a later
 * pass finds it.
 */
export async function dispatchDue(context: RunContext, jobs: readonly DueJob[], { again = false }: DispatchOptions = {}): Promise<void> {
  for (let start = 0; start < jobs.length; start += atOnce) await Promise.all(jobs.slice(start, start + atOnce).map((job) => dispatchOne(context, job, again)));
}

async function dispatchOne({ queue, operations, logger }: RunContext, { pointer, operation, priority, state }: DueJob, again: boolean): Promise<void> {
  if (queue === null || state !== 'queued' || !operations.has(operation)) return;
  try {
    await queue.dispatch({ pointer, operation, priority, again });
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error), jobId: pointer.id, operation }, 'The queue does not take a job; it waits in the store');
  }
}

/** The same for one record. */
export function dispatchRecord(context: RunContext, { id, sequence, epoch, operation, priority, state }: JobRecord, options?: DispatchOptions): Promise<void> {
  return dispatchDue(context, [{ pointer: { id, sequence, epoch }, operation, priority, state }], options);
}

/**
 * Hands a job whose claim was given back to a queue that others take from as well, so that they need not wait for the next
 * look at the store. Never rejects: that look finds it all the same.
 */
export async function dispatchReleased(context: RunContext, id: string): Promise<void> {
  if (context.queue?.capabilities.shared !== true) return;
  try {
    const record = await context.store.get(id);
    if (record !== null) await dispatchRecord(context, record);
  } catch (error) {
    context.logger.warn({ err: MediaJobError.from(error), jobId: id }, 'A job that was given back could not be handed over; the next pass does it');
  }
}

import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { DueJob } from '../ports/store-messages.ts';
import type { RunContext } from './run-context.ts';

/** Hands jobs that stand in line to the queue. One that the queue does not take stays in the store, and a later pass finds it. */
export async function dispatchDue({ queue, operations, logger }: RunContext, jobs: readonly DueJob[]): Promise<void> {
  for (const { pointer, operation, priority, state } of jobs) {
    if (queue === null || state !== 'queued' || !operations.has(operation)) continue;
    try {
      await queue.dispatch({ pointer, operation, priority });
    } catch (error) {
      logger.warn({ err: MediaJobError.from(error), jobId: pointer.id, operation }, 'The queue does not take a job; it waits in the store');
    }
  }
}

/** The same for one record. */
export function dispatchRecord(context: RunContext, { id, sequence, epoch, operation, priority, state }: JobRecord): Promise<void> {
  return dispatchDue(context, [{ pointer: { id, sequence, epoch }, operation, priority, state }]);
}

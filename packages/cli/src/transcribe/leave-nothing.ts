import type { Job, MediaJobs } from '@media-jobs/core';
import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { ownerId } from '@media-jobs/process';

type Jobs = Pick<MediaJobs, 'cancel' | 'delete' | 'list'>;

/** Longer than stopping a job takes: its tools are killed after 0.7 s. */
const stopTimeoutMs = 5_000;

/** A job in line that nothing has happened to for so long has nobody who waits for it. */
const forgottenAfterMs = 3_600_000;

/** Stops the job, unless another process works on it, and deletes it. Never throws: it is called on the way out. */
export async function discardUnfinished(jobs: Jobs, job: Job<unknown>, logger: Logger): Promise<void> {
  await quietly(logger, async () => {
    const { state, claim } = await job.record();
    if (state === 'running' && claim?.owner !== ownerId()) return;
    await jobs.cancel(job.id);
    await job.wait({ timeoutMs: stopTimeoutMs });
    await jobs.delete(job.id);
  });
}

/** Deletes a job that has failed: nobody will look at it again, and its copy of the input takes room. Never throws. */
export function discardJob(jobs: Jobs, id: string, logger: Logger): Promise<void> {
  return quietly(logger, () => jobs.delete(id));
}

/** Deletes transcriptions that a killed command left in line and that nobody asked for again; work of others stays. Never throws. */
export async function removeForgotten(jobs: Jobs, clock: Clock, logger: Logger): Promise<void> {
  await quietly(logger, async () => {
    const { jobs: waiting } = await jobs.list({ states: ['queued', 'retrying'], operation: 'transcribe' });
    for (const { id, updatedAt } of waiting) {
      if (clock.now() - updatedAt < forgottenAfterMs) continue;
      await jobs.cancel(id);
      await jobs.delete(id);
    }
  });
}

/** The result, or the error that is on its way, matters more; what could not be removed is found by the next command. */
async function quietly(logger: Logger, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error) }, 'Not all that is over could be removed; the next command does it');
  }
}

import type { Job, JobRecord } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import type { Asker } from '../access/access.ts';
import type { HttpContext } from '../http-context.ts';

/** The parts of a path that names a job. */
export const jobPath = z.strictObject({ id: z.string().max(200) });

const idPattern = /^mj_[a-z2-7]{26}$/;

/** A job that was found, and its record. */
export interface FoundJob {
  readonly job: Job<unknown>;
  readonly record: JobRecord;
}

/** The record of the asker's job of this id. Throws `JOB_NOT_FOUND`, also for a job of somebody else, and `JOB_EXPIRED`. */
export async function findRecord({ jobs, gone }: HttpContext, { namespace }: Asker, id: string): Promise<JobRecord> {
  // An id that none of ours can be never reaches the store.
  if (!idPattern.test(id)) throw notFound(id);
  try {
    const record = await jobs.record(id);
    if (namespace !== undefined && record.namespace !== namespace) throw notFound(id);
    gone.remember(record);
    return record;
  } catch (error) {
    if (MediaJobError.from(error).code === 'JOB_NOT_FOUND' && gone.hasExpired(id)) throw expired(id);
    throw error;
  }
}

/** The same with the job itself. */
export async function findJob(context: HttpContext, asker: Asker, id: string): Promise<FoundJob> {
  const record = await findRecord(context, asker, id);
  return { job: await context.jobs.find(id), record };
}

function notFound(id: string): MediaJobError {
  return new MediaJobError('JOB_NOT_FOUND', { message: `Expected the id of a job, got ${JSON.stringify(id.slice(0, 80))}, of which there is none.`, advice: 'Check the id; a job that ended long ago is gone and can be submitted again.' });
}

function expired(id: string): MediaJobError {
  return new MediaJobError('JOB_EXPIRED', { message: `Expected the job ${JSON.stringify(id)}, got one whose time to live is over.`, advice: 'Submit it again.', facts: { jobId: id } });
}

import { MediaJobError } from '@media-jobs/foundation';
import type { TakenJob } from '../ports/store-messages.ts';
import { dispatchRecord } from './dispatch-due.ts';
import type { CancelOutcome } from './job-handle.ts';
import type { JobRecord } from '../job/job.ts';
import { inputOf, jobLogger, type RunContext } from './run-context.ts';
import type { Runner } from './runner.ts';
import { provideFiles, removeJobFiles } from './shared-files.ts';
import type { StepJobsFor } from './step-jobs.ts';

/** What a cancel reaches. */
export interface CancelParts {
  readonly context: RunContext;
  readonly runner: Runner | null;
  readonly stepJobsFor: StepJobsFor;
}

/** Cancels a waiting job at once, with its input and what it had asked for, and has the work of a running one stopped. Throws `JOB_NOT_FOUND`. */
export async function cancelJob(parts: CancelParts, id: string): Promise<CancelOutcome> {
  const { context, runner } = parts;
  const { store, events } = context;
  const before = await store.get(id);
  const reply = await store.requestCancel(id);
  if (reply === 'absent') throw notFound(id);
  if (reply === 'requested') runner?.cancel(id);
  if (reply === 'cancelled' && before !== null) {
    await cancelSteps(parts, before);
    if (before.inputFolder !== null && before.state !== 'running') await removeJobFiles(context, before.inputFolder);
    events.emit({ id, generation: before.generation, state: 'cancelled', progress: before.progress, phase: before.phase });
  }
  return reply;
}

/** A job that nobody works on cannot tell what it had asked for; its operation can work it out. What is missed runs to its end, for nobody. */
async function cancelSteps({ context, stepJobsFor }: CancelParts, record: JobRecord): Promise<void> {
  const operation = context.operations.get(record.operation)?.operation;
  if (operation?.onCancelled === undefined || record.operationVersion !== operation.version) return;
  try {
    await provideFiles(context, record.inputFolder ?? '', record.inputs, context.closed);
    await operation.onCancelled(inputOf(context, record), stepJobsFor({ record, again: true, closing: context.closed }));
  } catch (error) {
    jobLogger(context.logger, record).warn({ err: MediaJobError.from(error) }, 'What a cancelled job had asked for may not all be cancelled');
  }
}

/** Deletes an ended job: its files, then its record. Throws `JOB_NOT_FOUND`, and `ILLEGAL_MOVE` when it has not ended. */
export async function deleteJob(context: RunContext, id: string): Promise<void> {
  const taken = await context.store.takeNow(id);
  if (taken !== null) {
    await removeTaken(context, taken);
    return;
  }
  const record = await context.store.get(id);
  if (record === null) throw notFound(id);
  throw new MediaJobError('ILLEGAL_MOVE', { message: `Expected a job that has ended, got one that is ${record.state}.`, advice: 'Cancel it and wait for its end first.', facts: { jobId: id, state: record.state } });
}

/** The record as it stands. Throws `JOB_NOT_FOUND`, and `JOB_EXPIRED` while it is being deleted. */
export async function findRecord({ store }: RunContext, id: string): Promise<JobRecord> {
  const record = await store.get(id);
  if (record === null) throw notFound(id);
  if (record.state !== 'expiring') return record;
  throw new MediaJobError('JOB_EXPIRED', { message: `Expected the job ${JSON.stringify(id)}, got one whose time to live is over.`, advice: 'Submit it again.', facts: { jobId: id } });
}

/** Puts a failed job in line again. Throws `JOB_NOT_FOUND`, `JOB_EXPIRED`, and `ILLEGAL_MOVE` when it has not failed. */
export async function redriveJob(context: RunContext, id: string): Promise<JobRecord> {
  const record = await context.store.redrive(id);
  if (record === null) {
    const { state } = await findRecord(context, id);
    throw new MediaJobError('ILLEGAL_MOVE', { message: `Expected a job that has failed, got one that is ${state}.`, advice: 'Submit its input again; a result that is there is given out unless a fresh one is asked for.', facts: { jobId: id, state } });
  }
  await dispatchRecord(context, record);
  return record;
}

/** Deletes the folders that the taken record names (guard 6), then the record, if it still is the one that was taken (guard 5). */
export async function removeTaken(context: RunContext, { id, takeToken, folders }: TakenJob): Promise<{ readonly files: number; readonly bytes: number }> {
  const sum = { files: 0, bytes: 0 };
  for (const folder of folders) {
    const removed = await removeJobFiles(context, folder);
    sum.files += removed.files;
    sum.bytes += removed.bytes;
  }
  await context.store.purge(id, takeToken);
  return sum;
}

function notFound(id: string): MediaJobError {
  return new MediaJobError('JOB_NOT_FOUND', { message: `Expected a job of the id ${JSON.stringify(id)}, got none.`, advice: 'It may have reached its time to live; submit it again.', facts: { jobId: id } });
}

import type { AnyMediaJobs, CancelOutcome, JobRecord } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { findJob } from '../jobs/find-job.ts';
import { workerOf } from '../jobs/job-shape.ts';
import { filesOption } from '../jobs/files-place.ts';
import { findWorkPlace, openJobs, storeOptions, type WorkPlace } from '../jobs/work-place.ts';

/** `media-jobs cancel ID`. */
export const cancel: Command = Object.freeze({
  name: 'cancel',
  about: 'end a job that waits, and have the work of one that runs stopped',
  operands: ['ID'],
  options: [...storeOptions, filesOption],
  details: [
    'Prints the id and `cancelled`, or `requested` when another process works on it: that one stops it within a second or so, at the latest at its next beat.',
    'The beginning of an id is enough when no other job begins with it.',
  ],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const place = await findWorkPlace(invocation, context, { touchesFiles: true });
  const found = await lookUp(invocation, context, place);
  await using jobs = await openJobs(place);
  const outcome = await cancelJob(jobs, found);
  await context.stdout.write(`${found.id} ${outcome}\n`);
  const pid = workerOf(found)?.pid ?? null;
  if (outcome === 'requested') await context.stderr.write(`The process that works on it${pid === null ? '' : ` (${pid})`} stops it by its next beat.\n`);
  return exitCodes.success;
}

/** An unknown id must not have the work folder opened and swept. */
async function lookUp(invocation: Invocation, { signal }: CommandContext, place: WorkPlace): Promise<JobRecord> {
  await using store = place.openStore();
  // Awaited here: the store is closed as soon as this returns.
  return await findJob(store, invocation.files[0] ?? '', signal);
}

async function cancelJob(jobs: AnyMediaJobs, { id }: JobRecord): Promise<Exclude<CancelOutcome, 'ended'>> {
  const outcome = await jobs.cancel(id);
  if (outcome === 'cancelled') return outcome;
  const record = await recordOf(jobs, id);
  if (outcome === 'ended') throw hasEndedError(id, record?.state ?? 'gone');
  // Where the worker is gone nobody would learn of the wish: a pass takes the job from it, and ends it.
  if (record !== undefined && workerOf(record)?.state === 'dead') await jobs.sweep();
  return (await recordOf(jobs, id))?.state === 'cancelled' ? 'cancelled' : outcome;
}

async function recordOf(jobs: AnyMediaJobs, id: string): Promise<JobRecord | undefined> {
  return (await jobs.get(id))?.record();
}

function hasEndedError(id: string, state: string): MediaJobError {
  return new MediaJobError('ILLEGAL_MOVE', { message: `Expected a job that has not ended, got one that is ${state} (${id}).`, advice: 'There is nothing to cancel; `media-jobs job` shows how it ended.', facts: { jobId: id, state } });
}

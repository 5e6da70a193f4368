import { hasEnded, type JobRecord, type JobStore } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { exitCodes, type Command, type CommandContext, type ExitCode, type Invocation } from '../command.ts';
import { findJob } from '../jobs/find-job.ts';
import { listJobs } from '../jobs/list-jobs.ts';
import { findWorkPlace, storeOptions } from '../jobs/work-place.ts';
import { countText } from '../units.ts';
import { usageError } from '../usage-error.ts';

const nobodyRuns = 'Nothing is run by this command: a worker on the work folder does it, or the next `media-jobs transcribe` of the same file.';

/** `media-jobs retry ID` and `media-jobs retry --all-failed`. */
export const retry: Command = Object.freeze({
  name: 'retry',
  about: 'put a failed job, or all of them, in line again with a full budget of attempts',
  operands: ['[ID]'],
  options: [{ name: 'all-failed', about: 'all that have failed, dead letters or not, instead of one ID' }, ...storeOptions],
  details: [nobodyRuns, 'Prints the id of each job that is in line again.'],
  run,
});

async function run(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const [id] = invocation.files;
  const all = invocation.isSet('all-failed');
  if (all === (id !== undefined)) throw usageError(`Expected either an ID or \`--all-failed\`, got ${all ? 'both' : 'neither'}.`, 'retry');
  const place = await findWorkPlace(invocation, context);
  await using store = place.openStore();
  const retried = id === undefined ? retryAll(store, signal) : [await retryOne(store, id, signal)];
  let count = 0;
  for await (const retriedId of retried) {
    count += 1;
    await stdout.write(`${retriedId}\n`);
  }
  await stderr.write(count === 0 ? 'No failed jobs.\n' : `${countText(count, 'job')} in line again. ${nobodyRuns}\n`);
  return exitCodes.success;
}

async function retryOne(store: JobStore, given: string, signal: AbortSignal): Promise<string> {
  const { id, ...record } = await findJob(store, given, signal);
  if ((await store.redrive(id)) !== null) return id;
  const { state } = (await store.get(id)) ?? record;
  throw new MediaJobError('ILLEGAL_MOVE', { message: `Expected a job that has failed, got one that is ${state} (${id}).`, advice: adviceFor(state), facts: { jobId: id, state } });
}

function adviceFor(state: JobRecord['state']): string {
  if (state === 'expiring') return 'It is being deleted; submit its file again.';
  return hasEnded(state) ? 'Submit its file again; a result that is there is given out, unless you ask for a fresh one.' : 'It will run, or does already; `media-jobs cancel` ends it.';
}

/** One after the other, so that an interrupted command has done what it printed. A job that moved on meanwhile is left out. */
async function* retryAll(store: JobStore, signal: AbortSignal): AsyncGenerator<string> {
  const { jobs } = await listJobs(store, { states: ['failed'] }, { limit: Infinity, signal });
  for (const { id } of jobs) {
    signal.throwIfAborted();
    if ((await store.redrive(id)) !== null) yield id;
  }
}

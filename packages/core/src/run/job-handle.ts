import { MediaJobError, type SerializedError } from '@media-jobs/foundation';
import type { Artifact, JobRecord } from '../job/job.ts';
import { parseOutput } from './outcome.ts';
import { jobEvents, type JobEvent } from './job-event-stream.ts';
import { placeOf, type RunContext } from './run-context.ts';
import { provideFiles } from './shared-files.ts';
import { absence, waitForEnd, type WaitOptions } from './wait.ts';

/** A file that a completed job owns. It is gone with the job. */
export interface JobFile extends Omit<Artifact, 'name'> {
  /** Absolute. Read it; to keep it beyond the job's time to live, copy it. */
  readonly path: string;
}

/** Which files of a job are asked for. */
export interface FilesOptions {
  /** Only these; a name that is none of the job's is passed over. Default: all. */
  readonly names?: readonly string[];
  /** Ends the fetching of what this machine lacks. */
  readonly signal?: AbortSignal;
}

/** A job that was submitted or found. Nothing in it is remembered: each call asks the store. */
export interface Job<Output> {
  readonly id: string;
  /** It was completed already when it was submitted: nothing was copied, nothing runs. */
  readonly cached: boolean;
  /** 1 for the first run of this content, one more for each re-run. */
  readonly generation: number;
  /** The job as it stands. Throws `JOB_EXPIRED` when it is gone. */
  record(): Promise<JobRecord>;
  /** What the operation returned, once the job has ended. Rejects with the job's own error, `CANCELLED`, and as `wait` does. */
  result(options?: WaitOptions): Promise<Output>;
  /**
   * The job when it has ended, however it did. Throws `JOB_EXPIRED`, `EPOCH_PASSED` when a reset removed it, and
   * `ABORTED`, `TIMEOUT` or `CLOSED` when the wait ends before the job.
   */
  wait(options?: WaitOptions): Promise<JobRecord>;
  /** The state now, then every change of state and progress, to the final state. Ends and throws as `wait` does. */
  events(options?: WaitOptions): AsyncIterable<JobEvent>;
  /** The files of a completed job by name. What this machine lacks is fetched first. Throws `JOB_NOT_READY`, `JOB_EXPIRED`, and with a file store as `FileStore.open` does, `FILE_MISMATCH`, `DISK_FULL`. */
  files(options?: FilesOptions): Promise<Readonly<Record<string, JobFile>>>;
  /** See `MediaJobs.cancel`. */
  cancel(): Promise<CancelOutcome>;
}

/** `cancelled`: it waited and has ended. `requested`: its work is being stopped; `wait` tells when. `ended`: it had ended before. */
export type CancelOutcome = 'cancelled' | 'requested' | 'ended';

export interface JobHandleOptions {
  readonly record: JobRecord;
  readonly cached: boolean;
  readonly cancel: (id: string) => Promise<CancelOutcome>;
}

/** A handle on the job that the record names. */
export function createJob(context: RunContext, { record: { id, epoch, generation, operation }, cached, cancel }: JobHandleOptions): Job<unknown> {
  const registered = context.operations.get(operation);
  const read = async (): Promise<JobRecord> => {
    const record = await context.store.get(id);
    if (record === null || record.state === 'expiring') throw await absence(context, { id, epoch });
    return record;
  };
  return Object.freeze({
    id,
    cached,
    generation,
    record: read,
    wait: (options?: WaitOptions) => waitForEnd(context, { id, epoch }, options),
    async result(options?: WaitOptions): Promise<unknown> {
      const record = await waitForEnd(context, { id, epoch }, options);
      if (record.state !== 'completed') throw endError(record);
      return registered === undefined ? record.output : parseOutput(registered.operation.output, record.output);
    },
    events: (options?: WaitOptions) => jobEvents(context, { id, epoch }, options),
    files: async (options?: FilesOptions) => filesOf(context, await read(), read, options),
    cancel: () => cancel(id),
  });
}

function endError({ id, error }: JobRecord): MediaJobError {
  if (error !== null) return MediaJobError.fromJSON(error as SerializedError);
  return new MediaJobError('CANCELLED', { message: 'Expected a result, got a job that was cancelled.', advice: 'Submit it again if that was not meant.', facts: { jobId: id } });
}

async function filesOf(context: RunContext, { id, state, artifacts, outputFolder }: JobRecord, again: () => Promise<JobRecord>, { names, signal }: FilesOptions = {}): Promise<Readonly<Record<string, JobFile>>> {
  if (state !== 'completed') {
    throw new MediaJobError('JOB_NOT_READY', { message: `Expected a completed job, got one that is ${state}.`, advice: 'Wait for its result first.', facts: { jobId: id, state } });
  }
  const folder = outputFolder ?? '';
  const wanted = names === undefined ? artifacts : artifacts.filter(({ name }) => names.includes(name));
  const { closed } = context;
  try {
    await provideFiles(context, folder, wanted, signal === undefined ? closed : AbortSignal.any([signal, closed]));
  } catch (error) {
    // A job that has gone meanwhile says so itself.
    if (MediaJobError.from(error).code === 'FILE_MISSING') await again();
    throw error;
  }
  return Object.fromEntries(wanted.map(({ name, ...facts }) => [name, { path: placeOf(context, folder, name), ...facts }]));
}

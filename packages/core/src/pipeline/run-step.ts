import { MediaJobError, type SerializedError } from '@media-jobs/foundation';
import type { JobRecord, JobState } from '../job/job.ts';
import type { Attempt } from '../ports/operation.ts';
import type { StepFile, StepJob } from '../ports/step-jobs.ts';
import type { PipelineStep } from './pipeline-types.ts';
import { readStep, type DoneStep } from './step-result.ts';

/** One step of one attempt of a pipeline. */
export interface StepRun {
  readonly step: PipelineStep;
  readonly input: unknown;
  /** What the steps before it made. */
  readonly files: readonly StepFile[];
  readonly attempt: Attempt;
  /** Told how far the step is. */
  readonly onProgress: (ratio: number, phase: string) => void;
}

/** A step whose result was gone before it could be read, or that somebody else cancelled, is asked for so often in all. */
const maxAsks = 3;
/** A full line is asked again after so long at least. */
const leastPauseMs = 1_000;

/** Has the step done by somebody: from the cache, by joining its job, or as a new one. Throws the step's error, and what aborted the attempt. */
export async function runStep(run: StepRun): Promise<DoneStep> {
  for (let asks = 1; ; asks += 1) {
    const job = await submitPatiently(run);
    try {
      const state = await follow(job, run);
      if (state === 'completed') return await readStep(run.step, job);
      const error = endError(run.step, await job.record());
      // Somebody gave it up who shared it with us, in another process perhaps.
      if (error.code !== 'CANCELLED' || asks === maxAsks) throw error;
    } catch (thrown) {
      await letGo(job, run.attempt);
      const error = MediaJobError.from(thrown);
      if (run.attempt.signal.aborted || error.code !== 'JOB_EXPIRED' || asks === maxAsks) throw thrown;
    } finally {
      job.leave();
    }
    run.attempt.log.info({ step: run.step.name, stepJobId: job.id, asks }, 'A step of the pipeline is asked for again: its job was cancelled or has expired');
  }
}

/** Waits while the line is full or a reset turns work away; the pipeline's own limit ends that. */
async function submitPatiently({ step, input, files, attempt, onProgress }: StepRun): Promise<StepJob> {
  for (;;) {
    attempt.signal.throwIfAborted();
    try {
      return await attempt.jobs.submit(step.operation.name, input, files);
    } catch (thrown) {
      const error = MediaJobError.from(thrown);
      if (error.class !== 'overload') throw named(step, error, null);
      onProgress(0, 'waiting');
      attempt.log.debug({ err: error, step: step.name }, 'A step of the pipeline waits for a place in line');
      await attempt.jobs.pause(Math.max(error.retryAfterMs ?? 0, leastPauseMs), untilStopped(attempt));
    }
  }
}

async function follow(job: StepJob, { step, attempt, onProgress }: StepRun): Promise<JobState> {
  attempt.log.debug({ step: step.name, stepJobId: job.id, cached: job.cached }, 'A step of the pipeline');
  let last: JobState = 'queued';
  for await (const { state, progress, phase, parts = [] } of job.events({ signal: untilStopped(attempt) })) {
    last = state;
    onProgress(state === 'completed' ? 1 : progress, phase);
    for (const part of parts) attempt.share(part);
  }
  return last;
}

/** A process that closes lets its steps end; its pipelines would only wait for what it does not begin any more, and go on elsewhere. */
function untilStopped({ signal, jobs }: Attempt): AbortSignal {
  return AbortSignal.any([signal, jobs.closing]);
}

/** A pipeline that is cancelled, or whose time is over, gives its step up; one that a shutdown stops goes on elsewhere, and so does its step. */
async function letGo(job: StepJob, { signal, kill }: Attempt): Promise<void> {
  const { code } = MediaJobError.from(signal.reason);
  if (signal.aborted && (code === 'CANCELLED' || code === 'TIMEOUT')) await job.abandon(kill);
}

function endError(step: PipelineStep, { id, error }: JobRecord): MediaJobError {
  if (error !== null) return named(step, MediaJobError.fromJSON(error as SerializedError), id);
  return new MediaJobError('CANCELLED', { message: `Expected step \`${step.name}\` to end with a result, got its job cancelled.`, advice: 'Submit the pipeline again; to stop one, cancel the pipeline.', facts: { step: step.name, stepJobId: id } });
}

/** The step's error as the pipeline's. One that would have the whole pipeline tried again by itself is over as well: the step had its tries. */
function named(step: PipelineStep, error: MediaJobError, stepJobId: string | null): MediaJobError {
  const { code, message, advice, facts, retryAfterMs } = error;
  const isOver = stepJobId !== null && (error.class === 'infrastructure' || error.class === 'interrupted');
  return new MediaJobError(isOver ? 'STEP_FAILED' : code, {
    message: `Step \`${step.name}\`: ${message}`,
    ...(advice === undefined ? {} : { advice }),
    facts: { ...facts, step: step.name, ...(stepJobId === null ? {} : { stepJobId }), ...(isOver ? { stepCode: code } : {}) },
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

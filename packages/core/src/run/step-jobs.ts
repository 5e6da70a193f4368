import { resolve } from 'node:path';
import type { FileDigest } from '@media-jobs/cleanup';
import type { JobRecord } from '../job/job.ts';
import type { StepFile, StepJob, StepJobs } from '../ports/step-jobs.ts';
import { requireOperation, type Submit } from './create-submit.ts';
import { takeIn } from './intake.ts';
import type { Job } from './job-handle.ts';
import { placeOf, type RunContext } from './run-context.ts';

/** Who asks. */
export interface Asker {
  readonly record: JobRecord;
  /** An attempt before may have asked for the same jobs. */
  readonly again: boolean;
  readonly closing: AbortSignal;
}

/** What gives a job's attempt the jobs that it asks for. */
export type StepJobsFor = (asker: Asker) => StepJobs;

/** One job that is asked for, by however many askers of this process. */
interface Wanted {
  askers: number;
  /** It is in line because of one of them: whoever leaves last may cancel it. */
  ours: boolean;
}

export interface StepJobsOptions {
  readonly submit: Submit;
  readonly handle: (record: JobRecord, cached: boolean) => Job<unknown>;
}

/** Lets attempts ask for other jobs. Who waits for which is remembered in this process, so that one asker's end takes nothing from another. */
export function createStepJobs(context: RunContext, { submit, handle }: StepJobsOptions): StepJobsFor {
  const wanted = new Map<string, Wanted>();
  const join = (job: Job<unknown>, ours: boolean): StepJob => {
    const entry = wanted.get(job.id) ?? { askers: 0, ours: false };
    entry.askers += 1;
    entry.ours ||= ours;
    wanted.set(job.id, entry);
    return stepJob(job, () => leave(job.id));
  };
  /** Whether the job is now for nobody, and was for us. */
  const leave = (id: string): boolean => {
    const entry = wanted.get(id);
    if (entry === undefined) return false;
    entry.askers -= 1;
    if (entry.askers > 0) return false;
    wanted.delete(id);
    return entry.ours;
  };
  return ({ record: asker, again, closing }) => ({
    closing,
    async submit(operation, input, files = []) {
      const { namespace, priority, correlationId } = asker;
      const { record, cached, created } = await submit(operation, input, { namespace, priority, ...(correlationId === null ? {} : { correlationId }), known: knownOf(context, asker, files) });
      return join(handle(record, cached), created || again);
    },
    async find(operation, input, files = []) {
      const intake = await takeIn(context, requireOperation(context, operation), input, { namespace: asker.namespace, known: knownOf(context, asker, files), signal: context.closed });
      const record = await context.store.get(intake.id);
      if (record === null || record.state === 'expiring' || record.digest !== intake.digest) return null;
      return join(handle(record, record.state === 'completed'), true);
    },
    pause: (ms, signal) => context.clock.sleep(ms, signal),
  });
}

function stepJob(job: Job<unknown>, leaveOnce: () => boolean): StepJob {
  let left = false;
  const leave = (): boolean => {
    if (left) return false;
    left = true;
    return leaveOnce();
  };
  return {
    id: job.id,
    generation: job.generation,
    cached: job.cached,
    events: (options) => job.events(options),
    record: () => job.record(),
    result: () => job.result(),
    files: () => job.files(),
    leave: () => void leave(),
    async abandon(signal) {
      if (!leave()) return;
      await job.cancel();
      await job.wait({ signal }).catch(() => undefined);
    },
  };
}

/** Files that are not read again: what other jobs made, and what the asker was given itself. */
function knownOf(context: RunContext, { inputs, inputFolder }: JobRecord, files: readonly StepFile[]): ReadonlyMap<string, FileDigest> {
  const own = inputs.map(({ name, bytes, sha256 }) => [placeOf(context, inputFolder ?? '', name), { bytes, sha256 }] as const);
  return new Map([...own, ...files.map(({ path, bytes, sha256 }) => [resolve(path), { bytes, sha256 }] as const)]);
}

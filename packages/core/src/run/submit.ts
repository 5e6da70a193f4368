import { MediaJobError } from '@media-jobs/foundation';
import type { StagedFolder } from '@media-jobs/cleanup';
import type { JobRecord } from '../job/job.ts';
import type { SubmitOutcome, SubmitRequest } from '../ports/store-messages.ts';
import { whyUnusable } from './cached-result.ts';
import { dispatchRecord } from './dispatch-due.ts';
import type { Intake } from './intake.ts';
import { jobLogger, type RunContext } from './run-context.ts';
import { removeJobFiles } from './shared-files.ts';
import { settleFolder, stageInputs } from './stage-inputs.ts';
import { waitForEnd } from './wait.ts';

/** How a job is asked for, besides its input. */
export interface PlaceOptions {
  /** Run a completed job again. */
  readonly fresh: boolean;
  /** Read the files of a completed job before they are given out. */
  readonly verifyDigests: boolean;
  readonly priority: number;
  readonly correlationId: string | null;
  readonly signal: AbortSignal;
}

/** The job that answers a submit. */
export interface Placed {
  readonly record: JobRecord;
  /** It was completed already: nothing was copied and nothing will run. */
  readonly cached: boolean;
  /** It is in line because of this submit; false where it was joined or answered from the cache. */
  readonly created: boolean;
}

/** Somebody else may win the race each time, by a reset or a submit of the same identity; after this many it is no race. */
const maxTries = 20;

/** How long a job that is being cancelled may take to end before a new submit gives up on it. */
const cancelPatienceMs = 10_000;

/**
 * Finds the job in the store or puts it in line. Throws `QUEUE_FULL`, `DISK_FULL`, `MEMORY_SHORT`, `GPU_MEMORY_SHORT`, `INPUT_CHANGED`, `STORE_UNAVAILABLE`,
 * and `EPOCH_PASSED` when one reset follows the other.
 */
export async function placeJob(context: RunContext, intake: Intake, options: PlaceOptions): Promise<Placed> {
  // A job without files has nothing to stage: the store is asked at once to take it, and tells what stands there if it does not.
  // Where new work is refused, what stands there must be known first.
  let seen: JobRecord | null | undefined = intake.files.length === 0 && !options.fresh && (await hasRoom(context)) ? null : undefined;
  for (let tries = 1; tries <= maxTries; tries += 1) {
    options.signal.throwIfAborted();
    const epoch = await context.store.epoch();
    const before: JobRecord | null = seen === undefined ? await context.store.get(intake.id) : seen;
    seen = undefined;
    const answer = await look(context, intake, before, options);
    if (answer === 'again') continue;
    if ('record' in answer) return answer;
    const outcome = await stageAndSubmit(context, intake, epoch, answer.discardGeneration, options).catch((error: unknown) => overtakenByReset(context, epoch, error));
    if (outcome.kind === 'refused' && outcome.reason !== 'epoch-passed') throw refusal(intake, outcome);
    if (outcome.kind === 'existing') seen = outcome.record;
    if (outcome.kind !== 'created' && outcome.kind !== 'restarted') continue;
    await accept(context, before, outcome.record);
    return { record: outcome.record, cached: false, created: true };
  }
  throw new MediaJobError('EPOCH_PASSED', { message: `Expected to put the job in line, got overtaken ${maxTries} times by resets or by other submits of it.`, advice: 'Submit it again when the resets are over.', facts: { jobId: intake.id } });
}

/** The refusal itself comes when it is clear that the job must run. */
async function hasRoom({ guards }: RunContext): Promise<boolean> {
  try {
    await guards.admit();
    return true;
  } catch (error) {
    if (MediaJobError.isInstance(error)) return false;
    throw error;
  }
}

type Look = Placed | 'again' | { readonly discardGeneration: number | undefined };

/** What the record says: an answer, a reason to look again, or that the job must run. Whether its time is over the store has judged. */
async function look(context: RunContext, intake: Intake, record: JobRecord | null, { fresh, verifyDigests, signal }: PlaceOptions): Promise<Look> {
  const run = { discardGeneration: undefined };
  if (record === null || record.digest !== intake.digest) return run;
  if (record.state === 'running' && record.cancelRequested) {
    await waitForEnd(context, record, { signal, timeoutMs: cancelPatienceMs });
    return 'again';
  }
  if (record.state === 'queued' || record.state === 'running' || record.state === 'retrying') {
    // A queue may have lost it, and takes the same dispatch twice as one.
    await dispatchRecord(context, record, { again: true });
    return { record, cached: false, created: false };
  }
  if (record.state !== 'completed' || fresh) return run;
  const reason = await whyUnusable(context, intake.registered, record, verifyDigests ? { signal } : null);
  if (reason !== null) {
    jobLogger(context.logger, record).warn({ reason }, 'A cached result is unusable; the job runs again');
    await context.store.countLookup('unusable');
    return { discardGeneration: record.generation };
  }
  await context.store.countLookup('hit');
  return { record, cached: true, created: false };
}

async function stageAndSubmit(context: RunContext, intake: Intake, epoch: string, discardGeneration: number | undefined, options: PlaceOptions): Promise<SubmitOutcome> {
  // A job that is answered from the cache, or runs already, needs no room.
  await context.guards.admit();
  const staged = await stageInputs(context, epoch, intake, options.signal);
  try {
    const outcome = await context.store.submit(requestFor(context, intake, epoch, discardGeneration, staged, options));
    if (outcome.kind === 'created' || outcome.kind === 'restarted') await staged?.handOver();
    else await staged?.discard();
    return outcome;
  } catch (error) {
    if (staged !== null) await settleFolder(context, intake.id, staged);
    throw error;
  }
}

/** A reset collects what was staged before it, also from under a submit: that one begins again in the new epoch. */
async function overtakenByReset({ store }: RunContext, epoch: string, error: unknown): Promise<SubmitOutcome> {
  const now = await store.epoch().catch(() => epoch);
  if (now === epoch) throw error;
  return { kind: 'refused', reason: 'epoch-passed' };
}

function requestFor(context: RunContext, intake: Intake, epoch: string, discardGeneration: number | undefined, staged: StagedFolder | null, { fresh, priority, correlationId }: PlaceOptions): SubmitRequest {
  const { id, digest, namespace, options, files, registered } = intake;
  const { operation, limits } = registered;
  return {
    epoch, id, digest, namespace, options, priority, correlationId, fresh,
    operation: operation.name,
    operationVersion: operation.version,
    inputs: files.map(({ field, name, bytes, sha256, originalName }) => ({ field, name, bytes, sha256, originalName })),
    inputFolder: staged?.relativePath ?? null,
    policy: { maxAttempts: limits.maxAttempts, maxLosses: context.maxLosses, ttlMs: context.ttlMs },
    maxWaiting: limits.maxWaiting,
    ...(discardGeneration === undefined ? {} : { discardGeneration }),
  };
}

/** The store has taken the job: tell the queue, and remove what only the run before it named. */
async function accept(context: RunContext, before: JobRecord | null, record: JobRecord): Promise<void> {
  const logger = jobLogger(context.logger, record);
  logger.info({ bytes: record.inputs.reduce((sum, { bytes }) => sum + bytes, 0), priority: record.priority }, 'The job is in line');
  await dispatchRecord(context, record);
  try {
    await context.store.countLookup('miss');
    if (before === null || before.epoch !== record.epoch || before.generation !== record.generation - 1) return;
    for (const folder of [before.inputFolder, before.outputFolder]) {
      if (folder !== null) await removeJobFiles(context, folder);
    }
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error) }, 'Not all that follows a submit could be done; the next pass does it');
  }
}

function refusal({ registered, id }: Intake, { reason, retryAfterMs }: SubmitOutcome & { readonly kind: 'refused' }): MediaJobError {
  const { operation, limits } = registered;
  if (reason === 'queue-full') {
    return new MediaJobError('QUEUE_FULL', {
      message: `Expected fewer than ${limits.maxWaiting} jobs of \`${operation.name}\` in line, got a full line.`,
      advice: 'Try again later, or raise `limits.maxWaiting` of the operation.',
      facts: { operation: operation.name, maxWaiting: limits.maxWaiting },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  return new MediaJobError('ILLEGAL_MOVE', {
    message: 'Expected the job of this id to be the same job, got one with another digest.',
    advice: 'Two contents met in 130 bits, or the record was changed by hand: delete that job and submit this one again.',
    facts: { jobId: id },
  });
}

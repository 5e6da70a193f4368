import { removePath } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { hasEnded, type Artifact, type JobRecord } from '../job/job.ts';
import type { RegisteredOperation } from '../operation/registered-operation.ts';
import type { ClaimedJob, Outcome } from '../ports/store-messages.ts';
import { commitOutcome, releaseClaim } from './commit.ts';
import { tellEnd } from './attempt-end.ts';
import { openClaim, type ClaimContext, type OpenClaim } from './open-claim.ts';
import { checkOutput, decideEnding, failureOutcome, type Ending, type WorkResult } from './outcome.ts';
import { logEnd } from './log-end.ts';
import { inputOf } from './run-context.ts';
import { provideFiles, publishFiles, removeJobFiles } from './shared-files.ts';

/**
 * Works on a claimed job until the work has really ended and its end is in the store, or is not ours to write any more.
 * Never rejects: what cannot be told to the store is logged, and the lease brings the job back.
 */
export async function runClaim(context: ClaimContext, claimed: ClaimedJob, registered: RegisteredOperation): Promise<void> {
  using claim = openClaim(context, claimed, registered);
  const { record } = claimed;
  context.events.emit({ id: record.id, generation: record.generation, state: 'running', progress: record.progress, phase: record.phase });
  claim.logger.info({ owner: record.claim?.owner, waitingMs: record.usage?.waitingMs }, 'The attempt starts');
  const result = await work(context, claim);
  claim.attempt[Symbol.dispose]();
  claim.signals[Symbol.dispose]();
  claim.progress.end();
  try {
    await conclude(context, claim, result);
  } catch (error) {
    claim.logger.error({ err: error }, 'The end of the attempt could not be written down; its lease will lapse');
  }
}

/** Never rejects. It settles only when the operation has. */
async function work(context: ClaimContext, claim: OpenClaim): Promise<WorkResult> {
  const { claimed, registered, attempt, artifacts } = claim;
  const { operation } = registered;
  try {
    checkVersion(registered, claimed.record);
    await provideInputs(context, claim);
    const output = await operation.run(inputOf(context, claimed.record), attempt.attempt);
    const checked = checkOutput(operation.output, output);
    return { kind: 'returned', output: checked, artifacts: await publishArtifacts(context, claim, await artifacts.verified()) };
  } catch (error) {
    return { kind: 'threw', error: MediaJobError.from(error) };
  }
}

/** A worker that does not share the folder of whoever submitted the job fetches its files first. */
async function provideInputs(context: ClaimContext, { claimed, attempt: { attempt } }: OpenClaim): Promise<void> {
  const { inputs, inputFolder } = claimed.record;
  if (inputFolder !== null) await provideFiles(context, inputFolder, inputs, attempt.signal, () => attempt.report({ ratio: 0, phase: 'fetch' }));
}

/** What is made is stored before the commit that names it. */
async function publishArtifacts(context: ClaimContext, claim: OpenClaim, artifacts: readonly Artifact[]): Promise<readonly Artifact[]> {
  await publishFiles(context, claim.outputFolder, artifacts, claim.attempt.attempt.signal);
  return artifacts;
}

/** Another version gives another result, which must not stand under this identity. A worker of the right one may come. */
function checkVersion({ operation }: RegisteredOperation, record: JobRecord): void {
  if (operation.version === record.operationVersion) return;
  throw new MediaJobError('OPERATION_CHANGED', {
    message: `Expected version ${record.operationVersion} of \`${operation.name}\`, got ${operation.version}.`,
    advice: 'Keep a worker of the older version until its jobs are done, or cancel the job and submit it again.',
    facts: { expected: record.operationVersion, got: operation.version },
  });
}

async function conclude(context: ClaimContext, claim: OpenClaim, result: WorkResult): Promise<void> {
  const { record } = claim.claimed;
  const { limits } = claim.registered;
  const facts = { record, limits, outputFolder: claim.outputFolder, usage: claim.usage(), logTail: claim.logTail.lines(), random: context.random };
  const ending = decideEnding({ ...facts, result, stop: claim.signals.reason() });
  const completes = ending.kind === 'commit' && ending.outcome.kind === 'completed';
  await discard(context, claim, { output: !completes });
  if (!completes && ending.kind !== 'abandon') await context.heartbeats.flush(claim.beat);
  claim.conclude();
  const after = await write(context, claim, ending).catch(async (error: unknown) => {
    const refusal = MediaJobError.from(error);
    if (!completes || refusal.class !== 'permanent') throw refusal;
    return write(context, claim, { kind: 'commit', outcome: failureOutcome(refusal, facts) });
  });
  if (completes && after?.state !== 'completed') await discard(context, claim, { output: true });
  await dropInput(context, claim, after);
  logEnd(claim, result, ending, after);
  tellEnd(context, claim, result, ending, after);
}

/** The record after it, or null when the claim had passed or was given back. */
async function write(context: ClaimContext, claim: OpenClaim, ending: Ending): Promise<JobRecord | null> {
  const { key, record } = claim.claimed;
  if (ending.kind === 'abandon') return null;
  if (ending.kind === 'release') {
    await releaseClaim(context, key, claim.logger, context.giveUp);
    return null;
  }
  const after = await commitOutcome(context, key, ending.outcome, claim.logger, context.giveUp);
  if (after?.state === 'retrying') context.onRetry(delayOf(ending.outcome));
  if (after !== null) context.events.emit({ id: record.id, generation: after.generation, state: after.state, progress: after.progress, phase: after.phase, ...(hasEnded(after.state) ? { ended: after } : {}) });
  return after;
}

function delayOf(outcome: Outcome): number {
  return outcome.kind === 'retry' ? outcome.delayMs : 0;
}

/** Temp files go whatever happens; output goes unless it stands in a record. What resists is left to the sweep. */
async function discard(context: ClaimContext, { claimed, temp, output, outputFolder, logger }: OpenClaim, which: { readonly output: boolean }): Promise<void> {
  try {
    if (temp.isMade()) await removePath(temp.path, { root: context.marks.folderOf(claimed.record.epoch), clock: context.clock });
    if (which.output && output.isMade()) await removeJobFiles(context, outputFolder);
  } catch (error) {
    logger.warn({ err: error }, 'Something of the attempt could not be removed; the next sweep tries again');
  }
}

/** A completed or cancelled job needs its input no more, and its record no longer names it. */
async function dropInput(context: ClaimContext, { claimed, logger }: OpenClaim, after: JobRecord | null): Promise<void> {
  const { inputFolder } = claimed.record;
  if (inputFolder === null || after === null || after.inputFolder === inputFolder) return;
  try {
    await removeJobFiles(context, inputFolder);
  } catch (error) {
    logger.warn({ err: error }, 'The input of the job could not be removed; the next sweep tries again');
  }
}

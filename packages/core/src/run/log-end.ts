import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { OpenClaim } from './open-claim.ts';
import type { Ending } from './outcome.ts';

/** Says how an attempt ended, and when it ended the job, what that has cost. */
export function logEnd(claim: OpenClaim, ending: Ending, after: JobRecord | null): void {
  const { logger, signals } = claim;
  if (ending.kind === 'release') return logger.info({ ...claim.usage() }, 'The attempt was interrupted; the job is in line again');
  if (after === null) return logger.warn({ ...claim.usage(), code: signals.reason()?.error.code ?? 'CLAIM_LOST' }, 'The claim was lost; what was made is discarded');
  const cost = { wallMs: after.usage?.wallMs, waitingMs: after.usage?.waitingMs, cpuMs: after.usage?.cpuMs, peakRssBytes: after.usage?.peakRssBytes, sampled: true };
  const err = after.error === null ? undefined : MediaJobError.fromJSON(after.error as Parameters<typeof MediaJobError.fromJSON>[0]);
  if (after.state === 'retrying') return logger.warn({ ...cost, err, retryAt: after.retryAt, attempts: after.attempts, refunds: after.refunds }, 'The attempt failed; the job will be tried again');
  if (after.state === 'failed') return logger.error({ ...cost, err, deadLetter: after.deadLetter }, 'The job failed');
  logger.info({ ...cost, files: after.artifacts.length }, `The job is ${after.state}`);
}

import type { JobRecord } from '../job/job.ts';
import type { OpenClaim } from './open-claim.ts';
import type { Ending, WorkResult } from './outcome.ts';

/** Says how an attempt ended, and when it ended the job, what that has cost. */
export function logEnd(claim: OpenClaim, result: WorkResult, ending: Ending, after: JobRecord | null): void {
  const { logger, signals } = claim;
  if (ending.kind === 'release') return logger.info({ ...claim.usage() }, 'The attempt was interrupted; the job is in line again');
  if (after === null) return logger.warn({ ...claim.usage(), code: signals.reason()?.error.code ?? 'CLAIM_LOST' }, 'The claim was lost; what was made is discarded');
  const cost = { wallMs: after.usage?.wallMs, waitingMs: after.usage?.waitingMs, cpuMs: after.usage?.cpuMs, peakRssBytes: after.usage?.peakRssBytes, sampled: true };
  // What was thrown has its stack and causes; the record's error says what that came to.
  const err = result.kind === 'threw' ? result.error : undefined;
  const code = after.error?.code;
  if (after.state === 'retrying') return logger.warn({ ...cost, err, code, retryAt: after.retryAt, attempts: after.attempts, refunds: after.refunds }, 'The attempt failed; the job will be tried again');
  if (after.state === 'failed') return logger.error({ ...cost, err, code, deadLetter: after.deadLetter }, 'The job failed');
  logger.info({ ...cost, files: after.artifacts.length }, `The job is ${after.state}`);
}

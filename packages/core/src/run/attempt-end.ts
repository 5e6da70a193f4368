import { MediaJobError } from '@media-jobs/foundation';
import { hasEnded, type JobRecord } from '../job/job.ts';
import type { OpenClaim } from './open-claim.ts';
import type { Ending, WorkResult } from './outcome.ts';
import type { RunContext } from './run-context.ts';

/** How one attempt ended in this process, and what it has cost. */
export interface AttemptEnd {
  readonly jobId: string;
  readonly operation: string;
  /** `retry`: it will be tried again. `released`: given back by a shutdown. `lost`: the claim had passed to somebody else. */
  readonly ended: 'completed' | 'retry' | 'failed' | 'cancelled' | 'released' | 'lost';
  /** What went wrong in it; null when nothing did. */
  readonly code: string | null;
  /** What it was doing last, such as `decode`. */
  readonly phase: string;
  /** Of this attempt. CPU time and memory are sampled. */
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  /** Of the job in line, when this attempt has ended it; else null. */
  readonly waitingMs: number | null;
}

/** Tells the observer. Its faults are its own. */
export function tellEnd({ onAttemptEnd, logger }: Pick<RunContext, 'onAttemptEnd' | 'logger'>, claim: OpenClaim, result: WorkResult, ending: Ending, after: JobRecord | null): void {
  const { id, operation, phase } = claim.claimed.record;
  const { wallMs, cpuMs, peakRssBytes } = claim.usage();
  const over = after !== null && hasEnded(after.state);
  try {
    onAttemptEnd({
      jobId: id, operation, phase: after?.phase ?? phase, wallMs, cpuMs, peakRssBytes,
      ended: endOf(ending, after),
      code: over && after.state === 'completed' ? null : (after?.error?.code ?? (result.kind === 'threw' ? result.error.code : null)),
      waitingMs: over ? (after.usage?.waitingMs ?? null) : null,
    });
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error), jobId: id }, 'The observer of attempts failed');
  }
}

function endOf(ending: Ending, after: JobRecord | null): AttemptEnd['ended'] {
  if (ending.kind === 'release') return 'released';
  if (after === null) return 'lost';
  return hasEnded(after.state) ? after.state : 'retry';
}

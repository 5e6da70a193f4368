import type { MediaJobError } from '@media-jobs/foundation';

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  /** Charged attempts so far, this one included; 1 for the first. */
  readonly attempts: number;
  /** Attempts so far that were not charged. */
  readonly refunds: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** What to do after a failed attempt. Whether a retry is still within the budget is for the store to say. */
export type Verdict = { readonly kind: 'failed' } | { readonly kind: 'retry'; readonly delayMs: number; readonly charged: boolean };

/** What the delay depends on. */
export type BackOff = Pick<FailedAttempt, 'retryBaseMs' | 'retryCapMs' | 'random'>;

/**
 * How long to wait after the `count`-th failure: exponential with full jitter, that is, anything between nothing and
 * `min(cap, base × 2^(count − 1))`. Spreading over the whole span keeps many failed jobs from coming back at once
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export function retryDelayMs(count: number, { retryBaseMs, retryCapMs, random }: BackOff): number {
  return Math.round(random() * Math.min(retryCapMs, retryBaseMs * 2 ** (count - 1)));
}

/**
 * What becomes of a job after this error, by the error's class: `permanent` fails; `overload` and `infrastructure` wait at least as
 * long as they were asked to; `infrastructure` and `interrupted` are not charged; all else is charged.
 */
export function judgeFailure(error: MediaJobError, failed: FailedAttempt): Verdict {
  if (error.class === 'permanent') return { kind: 'failed' };
  if (error.class === 'infrastructure' || error.class === 'interrupted') {
    return { kind: 'retry', delayMs: Math.max(error.retryAfterMs ?? 0, retryDelayMs(failed.refunds + 1, failed)), charged: false };
  }
  const delayMs = retryDelayMs(failed.attempts, failed);
  return { kind: 'retry', delayMs: error.class === 'overload' ? Math.max(error.retryAfterMs ?? 0, delayMs) : delayMs, charged: true };
}

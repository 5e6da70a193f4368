import type { AttemptEnd } from '@media-jobs/core';

/** Counts of one process. */
export interface MediaJobsMetrics {
  /** For `onAttemptEnd` of `createMediaJobs`. */
  readonly attemptEnded: (end: AttemptEnd) => void;
}

import type { GoneJobs } from './jobs/gone-jobs.ts';
import type { ResolvedHttpOptions } from './options.ts';

/** What the routes of one service share. */
export interface HttpContext extends ResolvedHttpOptions {
  /** Path under which the service is registered, such as `/api`; empty at the root. */
  readonly base: string;
  readonly gone: GoneJobs;
  /** Aborts when the service closes: whoever waits or follows is let go. */
  readonly closing: AbortSignal;
}

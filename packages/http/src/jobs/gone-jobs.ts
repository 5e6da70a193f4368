import type { JobRecord } from '@media-jobs/core';
import { systemClock, type Clock } from '@media-jobs/foundation';

/** Remembers for a while which jobs there were, so that one whose time is over is told from one that never was. */
export interface GoneJobs {
  /** What was told of a job. */
  remember(record: JobRecord): void;
  forget(id: string): void;
  /** Whether a job of this id was here and has expired, at most one time to live ago. */
  hasExpired(id: string): boolean;
}

/** Ids and two times each: a few megabytes at most. */
const maxRemembered = 50_000;

/** The memory is this process's alone: after a restart, what has expired is as unknown as what never was. */
export function createGoneJobs(clock: Clock = systemClock): GoneJobs {
  const jobs = new Map<string, { readonly expiresAt: number; readonly ttlMs: number }>();
  return {
    remember({ id, expiresAt, policy: { ttlMs } }) {
      jobs.delete(id);
      if (expiresAt === null) return;
      jobs.set(id, { expiresAt, ttlMs });
      if (jobs.size > maxRemembered) for (const oldest of jobs.keys()) return void jobs.delete(oldest);
    },
    forget: (id) => void jobs.delete(id),
    hasExpired(id) {
      const job = jobs.get(id);
      return job !== undefined && clock.now() >= job.expiresAt && clock.now() < job.expiresAt + job.ttlMs;
    },
  };
}

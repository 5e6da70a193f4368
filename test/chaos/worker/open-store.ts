import type { JobStore } from '@media-jobs/core';
import { systemClock, type Clock } from '@media-jobs/foundation';

/** Which store a process opens. It survives JSON, so that a worker can be told. */
export type StoreSpec = { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'redis'; readonly url: string };

/** Fifty processes on two cores keep each other from the file for longer than the default. */
const sharedByManyMs = 30_000;

/** The machine's clock, set wrong by so much. Its timers run as ever. */
export function shiftedClock(shiftMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + shiftMs };
}

/** Opens the store; `shiftMs` moves its time, wherever it takes it from. Only the one that is meant is loaded. */
export async function openStore(spec: StoreSpec, shiftMs = 0): Promise<JobStore> {
  switch (spec.kind) {
    case 'sqlite': {
      const { createSqliteStore } = await import('@media-jobs/sqlite-store');
      return createSqliteStore({ file: spec.file, clock: shiftedClock(shiftMs), pollIntervalMs: 50, retryForMs: sharedByManyMs });
    }
    case 'redis': {
      const { createRedisStore } = await import('@media-jobs/redis-store');
      return createRedisStore({ url: spec.url, clockOffsetMs: shiftMs });
    }
  }
}

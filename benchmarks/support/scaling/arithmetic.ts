import { mediaJobsDefaults } from '@media-jobs/core';
import { blockMs } from '../../../packages/redis-store/src/change-feed.ts';
import type { ConnectionCosts } from './connections.ts';
import type { UnitCost, UnitCosts } from './unit-costs.ts';
import type { WorkerCosts } from './worker-costs.ts';

/** A fleet to reckon with: workers of one place, each a process. */
export interface Fleet {
  readonly workers: number;
  readonly jobSeconds: number;
  readonly ttlSeconds: number;
}

/** What was measured one by one. */
export interface Measured {
  readonly units: UnitCosts;
  readonly worker: WorkerCosts;
  readonly connections: ConnectionCosts;
}

/** A part of what a fleet asks of Redis in a second. */
export interface Part {
  readonly name: string;
  readonly formula: string;
  /** Share of the one thread that runs commands, 0..1 and beyond. */
  readonly share: number;
  readonly bytes: number;
}

/** Submit, claim and commit, of which each is told to whoever follows, as each beat with progress is. */
const eventsOfJob = 3;

/** Processes that take jobs in and tell of them, such as HTTP servers. */
const followers = 10;

/** All parts; the names of the measured are those of the tables. Operations that report progress beat more often than `heartbeatMs`: at most once a second. */
export function partsOf({ units, connections }: Pick<Measured, 'units' | 'connections'>, { workers, jobSeconds }: Fleet, beatMs: number = mediaJobsDefaults.heartbeatMs): readonly Part[] {
  const { leaseMs, heartbeatMs } = mediaJobsDefaults;
  const jobs = workers / jobSeconds;
  const each = (ms: number): number => (workers * 1_000) / ms;
  const part = (name: string, formula: string, ...costs: readonly (readonly [number, UnitCost])[]): Part => ({
    name, formula, share: costs.reduce((sum, [perSecond, { cpuMicros }]) => sum + perSecond * cpuMicros, 0) / 1e6, bytes: costs.reduce((sum, [perSecond, { bytesIn, bytesOut }]) => sum + perSecond * (bytesIn + bytesOut), 0),
  });
  return [
    part('jobs in the store', '*W / L* × (submit + claim + commit + expiry)', [jobs, units.submit], [jobs, units.claim], [jobs, units.commit], [jobs, units.expired]),
    part('jobs in the queue', '*W / L* × queue', [jobs, units.queue]),
    part('beats', '*W* / 10 s × beat', [each(beatMs), units.beat]),
    part('looks at the epoch', '*P* / 10 s × look', [each(heartbeatMs), units.epochLook]),
    part('waits for cancels and resets', '*P* / 10 s × wait', [each(blockMs), connections.wait]),
    part('looks for what is due', '*P* / 30 s × look', [each(leaseMs), units.dueLook]),
    part(`${followers} services that follow jobs`, `${followers} × (3 *W / L* + *W* / 10 s) × event followed`, [followers * (eventsOfJob * jobs + each(beatMs)), connections.followed]),
  ];
}

/** Bytes of memory: of records that run, of such that are kept, and of connections. */
export function memoryOf({ units, worker, connections }: Measured, { workers, jobSeconds, ttlSeconds }: Fleet): { readonly running: number; readonly kept: number; readonly clients: number } {
  return { running: workers * units.runningBytes, kept: (workers / jobSeconds) * ttlSeconds * units.completedBytes, clients: workers * worker.connections * connections.bytesEach };
}

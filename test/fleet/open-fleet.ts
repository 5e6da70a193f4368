import { appendFileSync } from 'node:fs';
import { createBullmqQueue, type BullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, type AttemptEnd, type MediaJobs } from '@media-jobs/core';
import { createRedisStore, type RedisStore } from '@media-jobs/redis-store';
import { fleetOperation } from './fleet-operation.ts';

/** Where a fleet has its records, its queue and its files. */
export interface FleetPlace {
  readonly host: string;
  readonly port: number;
  readonly workFolder: string;
  /** Where each worker writes down how its attempts ended, by what the store answered: a witness beside the records. */
  readonly journal: string;
}

/** Databases of the one Redis. */
export const databases = Object.freeze({ records: 0, queue: 1 });

/** Short, so that what is lost is found soon: everything else follows from these. */
export const times = Object.freeze({ heartbeatMs: 500, leaseMs: 2_000, lockMs: 3_000, stalledCheckMs: 1_000 });

export interface OpenFleet {
  readonly jobs: MediaJobs<readonly [typeof fleetOperation]>;
  readonly store: RedisStore;
  readonly queue: BullmqQueue;
}

/** Opens the jobs of the fleet in this process, to work on them or only to submit. */
export async function openFleet({ host, port, workFolder, journal }: FleetPlace, worker: boolean): Promise<OpenFleet> {
  const { heartbeatMs, leaseMs, lockMs, stalledCheckMs } = times;
  const store = createRedisStore({ url: `redis://${host}:${port}/${databases.records}`, connectTimeoutMs: 2_000, connectAttempts: 20 });
  const queue = createBullmqQueue({ connection: `redis://${host}:${port}/${databases.queue}`, lockMs, stalledCheckMs });
  const onAttemptEnd = ({ jobId, ended }: AttemptEnd): void => appendFileSync(journal, `${jobId} ${ended} ${process.pid}\n`);
  const jobs = await createMediaJobs({ operations: [fleetOperation], store, queue, workFolder, worker, onAttemptEnd, heartbeatMs, leaseMs, pollIntervalMs: 200, diskReserveBytes: 0, cleanupIntervalMinutes: 60 });
  return { jobs, store, queue };
}

import { jobIdentity, type ClaimedJob, type JobStore, type Outcome, type SubmitRequest } from '@media-jobs/core';
import type { Redis } from 'ioredis';
import { storeKeys } from '../../../packages/redis-store/src/keys.ts';

/** The operation of all jobs here. */
export const operation = 'noop';

/** A new job that is told apart by its key. */
export function requestOf(epoch: string, key: string, options: Readonly<Record<string, number>> = {}): SubmitRequest {
  const identity = jobIdentity({ operation, version: 1, namespace: '', options: { key, ...options }, inputs: [], facts: {} });
  return {
    ...identity, epoch, namespace: '', operation, operationVersion: 1, options: { key, ...options }, inputs: [], inputFolder: null, policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 86_400_000 },
    priority: 0, correlationId: null, maxWaiting: 10_000_000, fresh: false,
  };
}

/** The end of a job that did nothing. */
export function completionOf({ key, record }: ClaimedJob): Outcome {
  const usage = { wallMs: 60_000, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } as const;
  return { kind: 'completed', output: {}, artifacts: [], outputFolder: `jobs/${record.epoch}/${key.id}/${key.token}`, usage };
}

/** What each worker of a shared queue asks once a lease: what has lapsed, what is to be tried again, how much runs. Tells how many jobs came of it. */
export async function lookInVain(store: JobStore): Promise<number> {
  const found = [await store.due('lease', { limit: 200 }), await store.due('retry', { limit: 200 })];
  await store.stats();
  return found.flat().length;
}

/** What each worker of a shared queue asks all the time: whether there is a cancel or a reset, for so many milliseconds. Tells whether there was none. */
export async function waitInVain(client: Redis, prefix: string, forMs: number): Promise<boolean> {
  return (await client.xread('COUNT', 500, 'BLOCK', forMs, 'STREAMS', storeKeys(prefix).cancels, '$')) === null;
}

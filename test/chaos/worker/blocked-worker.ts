/**
 * A worker whose operation computes without a pause: `node blocked-worker.ts OPTIONS`, as JSON. Tells when the loop is about to be
 * blocked, and ends when the job has.
 */
import { createMediaJobs, defineOperation } from '@media-jobs/core';
import { z } from 'zod';
import { openStore, type StoreSpec } from './open-store.ts';

/** Times in milliseconds. */
export interface BlockedWorkerOptions {
  readonly spec: StoreSpec;
  readonly workFolder: string;
  readonly heartbeatThread: boolean;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly blockMs: number;
}

const { spec, workFolder, blockMs, ...times } = JSON.parse(process.argv[2] ?? '{}') as BlockedWorkerOptions;

const compute = defineOperation({
  name: 'compute', version: 1, input: z.object({}), output: z.object({ done: z.boolean() }),
  limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 },
  async run() {
    process.send?.('blocks');
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
    return { done: true };
  },
});

await using jobs = await createMediaJobs({ operations: [compute], store: await openStore(spec), workFolder, ...times, cleanupIntervalMinutes: 60, pollIntervalMs: 50 });
const job = await jobs.submit('compute', {});
await job.wait();
process.disconnect?.();

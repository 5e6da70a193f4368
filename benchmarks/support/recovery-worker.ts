// A worker that waits for its end, for the benchmark of the queue.
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { recoveryLeaseMs } from './recovery-times.ts';
import { waitLong } from './wait-operation.ts';

const [url = '', prefix = '', workFolder = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
await createMediaJobs({ operations: [waitLong], store: createRedisStore({ url, prefix }), queue: createBullmqQueue({ connection: url, prefix }), workFolder, leaseMs: recoveryLeaseMs, heartbeatMs: 1_000 });
process.send?.('ready');

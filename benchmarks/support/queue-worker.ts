// A worker of the queue's benchmark, in a process of its own: of media jobs, or of BullMQ alone. Says when it is ready; when it is told to end it says what processor time that took, in µs.
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { noop } from './noop-operation.ts';

const [kind = '', url = '', prefix = '', workFolder = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit());

async function open(): Promise<AsyncDisposable> {
  if (kind === 'bare') {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const worker = new Worker('noop', () => Promise.resolve({}), { connection, prefix, concurrency: noop.limits.concurrency ?? 1 });
    await worker.waitUntilReady();
    return { [Symbol.asyncDispose]: async () => worker.close().then(() => connection.disconnect()) };
  }
  return createMediaJobs({ operations: [noop], store: createRedisStore({ url, prefix }), queue: createBullmqQueue({ connection: url, prefix }), workFolder });
}

const opened = await open();
const ready = process.cpuUsage();
process.once('message', () => {
  const { user, system } = process.cpuUsage(ready);
  process.send?.(user + system);
  void opened[Symbol.asyncDispose]().then(() => process.disconnect());
});
process.send?.('ready');

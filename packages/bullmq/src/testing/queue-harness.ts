import type { JobQueue } from '@media-jobs/core';
import type { SharedQueueHarness } from '@media-jobs/core/conformance';
import { Redis } from 'ioredis';
import { createBullmqQueue } from '../bullmq-queue.ts';
import type { TestRedis } from '../../../redis-store/src/testing/redis-server.ts';

let count = 0;

/** Queues on a server of a test; each that is created has a prefix of its own. `quietMs` leaves BullMQ a few trips to it. */
export function queueHarness(server: TestRedis, quietMs = 150): SharedQueueHarness {
  let prefix = '';
  const open = (): JobQueue => createBullmqQueue({ connection: server.url, prefix, lockMs: 1_000, stalledCheckMs: 60_000 });
  return {
    quietMs,
    create() {
      prefix = `test-${(count += 1)}`;
      return open();
    },
    join: open,
    async stopServer() {
      await server.stop();
      return { [Symbol.asyncDispose]: () => server.start() };
    },
    async loseSight() {
      await using admin = adminOf(server);
      const locks = await admin.client.keys(`{${prefix}:queue:*:lock`);
      if (locks.length > 0) await admin.client.del(...locks);
    },
  };
}

/** A client for looking at the server, past the queue. */
export function adminOf({ port }: TestRedis): { readonly client: Redis } & AsyncDisposable {
  const client = new Redis({ port });
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
}

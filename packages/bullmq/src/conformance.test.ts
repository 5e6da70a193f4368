import type { JobQueue } from '@media-jobs/core';
import { brokenSharedQueues, jobQueueCases, sharedQueueCases } from '@media-jobs/core/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminOf, queueHarness } from './testing/queue-harness.ts';
import { countClients, startRedis, type TestRedis } from '../../redis-store/src/testing/redis-server.ts';

let server: TestRedis;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test.each(jobQueueCases)('bullmq queue: $name', async ({ run }) => {
  await run(queueHarness(server));
});

test.each(sharedQueueCases)('bullmq queue: $name', async ({ run }) => {
  await run(queueHarness(server));
});

test('a queue leaves no connection behind', async () => {
  await using admin = adminOf(server);
  await admin.client.ping();
  expect(await countClients(admin.client, 1)).toBe(1);
});

// Some are found out only when patience ends. They take the server away in turn, so they cannot wait together.
test.each(brokenSharedQueues)('a shared queue is rejected when $name', async ({ rejectedBy, wrap }) => {
  const harness = queueHarness(server);
  const rejecting = sharedQueueCases.find((each) => each.name === rejectedBy);
  const wrapped = { ...harness, create: async () => wrap(await harness.create()), join: async (queue: JobQueue) => wrap(await harness.join(queue)) };
  await expect(rejecting?.run(wrapped)).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});

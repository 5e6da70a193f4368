import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appliesTo, jobStoreCases, type JobStoreHarness } from '@media-jobs/core/conformance';
import { countClients, startRedis, type TestRedis } from './testing/redis-server.ts';
import { redisHarness } from './testing/store-harness.ts';

let server: TestRedis;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});
afterAll(async () => {
  const clients = await countClients(admin, 1);
  admin.disconnect();
  await server[Symbol.asyncDispose]();
  expect(clients, 'Every case closes its stores').toBe(1);
});

describe.each([1, 2] as const)('a Redis store with %d handle(s)', (handles) => {
  let harness: JobStoreHarness;
  beforeAll(() => { harness = redisHarness({ url: server.url }, admin, { handles }); });

  test.each(jobStoreCases.filter((each) => appliesTo(each, { multiProcess: true, durable: true })))('$name', async ({ run }) => {
    await run(harness);
  });
});

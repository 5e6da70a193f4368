import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appliesTo, jobStoreCases, type JobStoreHarness } from '@media-jobs/core/conformance';
import { countClients, startRedis, type TestRedis } from './testing/redis-server.ts';
import { redisHarness } from './testing/store-harness.ts';

let server: TestRedis;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis(['--save', '', '--appendonly', 'no', '--databases', '3000']);
  admin = new Redis(server.url);
});
afterAll(async () => {
  const clients = await countClients(admin, 1);
  admin.disconnect();
  await server[Symbol.asyncDispose]();
  expect(clients, 'Every case closes its stores').toBe(1);
});

const inOneDatabase = ([1, 2] as const).map((handles) => ({ name: `a Redis store with ${handles} handle(s)`, options: { handles } }));
// Numbers of databases that no other harness uses: a reset empties the whole one.
const inTheirOwn = ([1, 2] as const).map((handles) => ({ name: `a Redis store that owns its database, with ${handles} handle(s)`, options: { handles, ownDatabasesFrom: handles * 1_000 } }));

describe.each([...inOneDatabase, ...inTheirOwn])('$name', ({ options }) => {
  let harness: JobStoreHarness;
  beforeAll(() => { harness = redisHarness({ url: server.url, ...options }, admin); });

  test.each(jobStoreCases.filter((each) => appliesTo(each, { multiProcess: true, durable: true })))('$name', async ({ run }) => {
    await run(harness);
  });
});

import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appliesTo, jobStoreCases, type JobStoreHarness } from '@media-jobs/core/conformance';
import { createRedisStore, redisClusterOptions } from '@media-jobs/redis-store';
import { startCluster, type TestCluster } from './testing/redis-cluster.ts';
import { keys, sampleClaim, sampleSuccess, submitSample } from './testing/sample-jobs.ts';
import { redisHarness } from './testing/store-harness.ts';

let cluster: TestCluster;
let client: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  client = new Cluster([...cluster.nodes], redisClusterOptions);
});
afterAll(async () => {
  client.disconnect();
  await cluster[Symbol.asyncDispose]();
});

describe('a Redis store on a cluster of three masters', () => {
  let harness: JobStoreHarness;
  beforeAll(() => {
    harness = redisHarness({ client }, client, { handles: 1 });
  });

  test.each(jobStoreCases.filter((each) => appliesTo(each, { multiProcess: true, durable: true })))('$name', async ({ run }) => {
    await run(harness);
  });

  test('all keys of a store live on one node, and stores with other prefixes on others', async () => {
    for (const prefix of keys(12, 'service')) {
      await using store = createRedisStore({ client, prefix });
      await submitSample(store, 'talk');
      const [claimed] = await store.claim(sampleClaim());
      await store.commit(claimed!.key, sampleSuccess(claimed!));
    }
    const held = await Promise.all(client.nodes('master').map((node) => node.keys('{service-*')));
    expect(held.every((keysOfNode) => keysOfNode.length > 0)).toBe(true);
    const prefixes = held.map((keysOfNode) => new Set(keysOfNode.map((key) => /\{(.*)\}/.exec(key)?.[1])));
    expect(prefixes.reduce((sum, names) => sum + names.size, 0)).toBe(12);
  });

  test('a store says of its health that it runs on a cluster', async () => {
    await using store = createRedisStore({ client });
    expect((await store.check(new AbortController().signal)).detail).toContain('cluster');
  });

  test('disposing a store leaves a client that was given open', async () => {
    await createRedisStore({ client })[Symbol.asyncDispose]();
    expect(await client.ping()).toBe('PONG');
  });
});

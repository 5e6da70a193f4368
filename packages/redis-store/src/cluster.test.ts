import { MediaJobError } from '@media-jobs/foundation';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appliesTo, jobStoreCases, type JobStoreHarness } from '@media-jobs/core/conformance';
import { createRedisStore, redisClusterOptions } from '@media-jobs/redis-store';
import { patiently } from './testing/load.ts';
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
    harness = redisHarness({ client, handles: 1 }, client);
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

  test('slots that moved behind the back of the client are unavailable once, and found by the next call', async () => {
    const absent = 'mj_aaaaaaaaaaaaaaaaaaaaaaaaaa';
    const stores = keys(8, 'moved').map((prefix) => createRedisStore({ client, prefix }));
    for (const store of stores) await store.epoch();
    // What the client believes after a change that it was not told of: each slot is with the next master.
    const masters = client.nodes('master').map(({ options }) => `${options.host}:${options.port}`);
    for (const nodes of new Set(client.slots)) nodes[0] = masters[(masters.indexOf(nodes[0] ?? '') + 1) % masters.length] ?? '';
    const first = await Promise.allSettled(stores.map((store) => store.get(absent)));
    expect(first.map((each) => (each.status === 'rejected' ? MediaJobError.from(each.reason).code : 'found'))).toContain('STORE_UNAVAILABLE');
    for (const each of first) if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    for (const store of stores) expect((await patiently(() => store.get(absent))).result).toBeNull();
    for (const store of stores) await store[Symbol.asyncDispose]();
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

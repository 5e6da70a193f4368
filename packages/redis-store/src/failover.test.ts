import { MediaJobError, systemClock } from '@media-jobs/foundation';
import { createRedisStore, redisClusterOptions } from '@media-jobs/redis-store';
import { Cluster, Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startBlackHoleProxy } from './testing/black-hole-proxy.ts';
import { patiently, underLoad } from './testing/load.ts';
import { startCluster } from './testing/redis-cluster.ts';
import { startRedis, type TestRedis } from './testing/redis-server.ts';
import { keys, submitSample } from './testing/sample-jobs.ts';

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'nothing', (error: unknown) => MediaJobError.from(error).code);
}

const plain = ['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0'];

async function startReplicaOf(master: TestRedis): Promise<TestRedis> {
  return startRedis([...plain, '--replicaof', `127.0.0.1 ${master.port}`]);
}

async function untilInSync(admin: Redis): Promise<void> {
  await expect.poll(() => admin.info('replication'), { timeout: 20_000, interval: 20 }).toContain('master_link_status:up');
}

test('with `minReplicas` a write is acknowledged when a replica has it, survives a failover, and is refused when none is there', async () => {
  await using master = await startRedis(['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']);
  await using replica = await startRedis(['--save', '', '--appendonly', 'no', '--replicaof', `127.0.0.1 ${master.port}`]);
  const second = new Redis(replica.url);
  await expect.poll(() => second.info('replication'), { timeout: 10_000 }).toContain('master_link_status:up');
  await using store = createRedisStore({ url: master.url, minReplicas: 1, waitReplicasMs: 300 });
  await patiently(() => store.epoch());
  const ids = await Promise.all(keys(20).map((key) => submitSample(store, key)));
  await master.stop();
  await second.replicaof('NO', 'ONE');
  await using after = createRedisStore({ url: replica.url, minReplicas: 0 });
  for (const id of ids) expect(await after.get(id)).not.toBeNull();
  second.disconnect();
  await using lonely = createRedisStore({ url: replica.url, minReplicas: 1, waitReplicasMs: 50 });
  expect(await codeOf(submitSample(lonely, 'unsafe'))).toBe('STORE_UNAVAILABLE');
});

test('a replica that is promoted in the middle of load loses nothing that was acknowledged, and the same handle goes on with it within 5 s', async () => {
  await using master = await startRedis(plain);
  await using heir = await startReplicaOf(master);
  await using other = await startReplicaOf(master);
  await using late = await startRedis(plain);
  const admins = [heir, other, late].map(({ url }) => new Redis(url));
  const [heirAdmin, otherAdmin, lateAdmin] = admins as [Redis, Redis, Redis];
  await untilInSync(heirAdmin);
  await untilInSync(otherAdmin);
  await using address = await startBlackHoleProxy(master.port);
  // Both must have a write: whichever is promoted has it then.
  await using store = createRedisStore({ url: `redis://127.0.0.1:${address.port}`, minReplicas: 2, waitReplicasMs: 500 });
  await store.ping();
  await using afterwards = createRedisStore({ url: heir.url, minReplicas: 0 });
  let recoveredMs = Infinity;
  const codes = await underLoad(store, afterwards, async () => {
    await master.stop();
    await heirAdmin.replicaof('NO', 'ONE');
    await otherAdmin.replicaof('127.0.0.1', heir.port);
    // Two must confirm again: one that was there, and a new one.
    await lateAdmin.replicaof('127.0.0.1', heir.port);
    await untilInSync(otherAdmin);
    await untilInSync(lateAdmin);
    address.leadTo(heir.port);
    recoveredMs = (await patiently(() => submitSample(store, 'recovered'), 30_000)).tookMs;
  });
  expect(recoveredMs).toBeLessThan(5_000);
  expect([...codes]).toEqual(['STORE_UNAVAILABLE']);
  for (const admin of admins) admin.disconnect();
}, 120_000);

test('a master of a cluster that dies in the middle of load is replaced by its replica, and nothing that was acknowledged is lost', async () => {
  await using cluster = await startCluster({ replicas: 1 });
  const client = new Cluster([...cluster.nodes], redisClusterOptions);
  client.on('error', () => undefined);
  await using store = createRedisStore({ client, prefix: 'failover', minReplicas: 1, waitReplicasMs: 500 });
  await patiently(() => store.epoch(), 30_000);
  await patiently(() => submitSample(store, 'before'), 30_000);
  await using afterwards = createRedisStore({ client, prefix: 'failover' });
  let recoveredMs = Infinity;
  await underLoad(store, afterwards, async () => {
    const holder = await holderOf(client, cluster.servers, '{failover}:epoch');
    await holder.stop();
    // The cluster votes for itself; reads go on as soon as it has.
    await patiently(() => afterwards.get('mj_aaaaaaaaaaaaaaaaaaaaaaaaaa'), 60_000);
    // With its only replica promoted no write can be confirmed before the old master is back, as a replica.
    await holder.start();
    const start = systemClock.monotonic();
    await patiently(() => submitSample(store, 'recovered'), 30_000);
    recoveredMs = systemClock.monotonic() - start;
  });
  expect(recoveredMs).toBeLessThan(5_000);
  client.disconnect();
}, 180_000);

/** The server that is master of the slot of this key. */
async function holderOf(client: Cluster, servers: readonly TestRedis[], key: string): Promise<TestRedis> {
  const slot = await client.cluster('KEYSLOT', key);
  const ranges = await client.cluster('SLOTS');
  const [, , master] = ranges.find(([first, last]) => first <= slot && slot <= last) ?? [];
  const found = servers.find(({ port }) => port === master?.[1]);
  if (found === undefined) throw new MediaJobError('UNKNOWN', { message: 'Expected a server that holds the slot, got none.' });
  return found;
}

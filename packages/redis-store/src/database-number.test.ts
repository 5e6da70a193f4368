import { createRedisStore, redisClientOptions } from '@media-jobs/redis-store';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patiently } from './testing/load.ts';
import { startRedis, type TestRedis } from './testing/redis-server.ts';

let server: TestRedis;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis(['--databases', '2']);
  admin = new Redis(server.url);
  admin.on('error', () => undefined);
});
afterAll(async () => {
  admin.disconnect();
  await server[Symbol.asyncDispose]();
});

const refusal = { code: 'STORE_INCOMPATIBLE', message: expect.stringContaining('database 5') as string, advice: expect.stringContaining('databases') as string };

test('a database that the server does not have is refused, and nothing is written to another', async () => {
  await using store = createRedisStore({ url: `redis://127.0.0.1:${server.port}/5`, connectAttempts: 2 });
  await expect(store.epoch()).rejects.toMatchObject(refusal);
  await expect(store.collect(0)).rejects.toMatchObject(refusal);
  expect(await admin.dbsize()).toBe(0);
  expect(await store.check(new AbortController().signal)).toMatchObject({ ok: false, detail: expect.stringContaining('database 5') as string });
});

test('so is that of a client that was given, also where it was ready before', async () => {
  const client = new Redis(`redis://127.0.0.1:${server.port}/5`, redisClientOptions);
  client.on('error', () => undefined);
  await client.connect();
  await using store = createRedisStore({ client });
  await expect(store.epoch()).rejects.toMatchObject(refusal);
  expect(await admin.dbsize()).toBe(0);
  client.disconnect();
});

test('a server that comes back with fewer databases gets no write into another', async () => {
  await using store = createRedisStore({ url: `redis://127.0.0.1:${server.port}/1` });
  await store.epoch();
  const { port } = server;
  await server.stop();
  await using smaller = await startRedis(['--databases', '1'], port);
  await expect.poll(() => store.epoch().catch((error: unknown) => (error as { code: string }).code), { timeout: 10_000 }).toBe('STORE_INCOMPATIBLE');
  const look = new Redis(smaller.url);
  expect(await look.dbsize()).toBe(0);
  look.disconnect();
});

test('a database that is there is used', async () => {
  await using own = await startRedis(['--databases', '2']);
  await using store = createRedisStore({ url: `redis://127.0.0.1:${own.port}/1` });
  await patiently(() => store.epoch());
  const look = new Redis(`redis://127.0.0.1:${own.port}/1`);
  expect(await look.dbsize()).toBeGreaterThan(0);
  expect(await look.select(0).then(() => look.dbsize())).toBe(0);
  look.disconnect();
});

import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect } from 'vitest';
import { countClients, startRedis, type TestRedis } from './redis-server.ts';

/** A server for all tests of a file, and a client that looks at it. There once the tests run. */
export interface SuiteRedis {
  readonly server: TestRedis;
  readonly admin: Redis;
}

/** Starts a server before the tests of this file, and ends it after them; by then they have left no client. */
export function suiteRedis(): SuiteRedis {
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
    expect(clients, 'Every test closes its stores').toBe(1);
  });
  return {
    get server() {
      return server;
    },
    get admin() {
      return admin;
    },
  };
}

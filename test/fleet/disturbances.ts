import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { BlackHoleProxy } from '../../packages/redis-store/src/testing/black-hole-proxy.ts';
import type { TestRedis } from '../../packages/redis-store/src/testing/redis-server.ts';
import type { Crew } from './crew.ts';
import { databases, times } from './open-fleet.ts';

/** What is done to a fleet. */
export const disturbances = ['kill', 'freeze', 'restart-redis', 'pause-redis', 'black-hole', 'wipe-queue'] as const;
export type Disturbance = (typeof disturbances)[number];

/** What they are done to. */
export interface Disturbed {
  readonly crew: Crew;
  readonly redis: TestRedis;
  readonly proxy: BlackHoleProxy;
}

/** The same numbers for the same seed. */
export function draw(seed: number, what: string, below: number): number {
  return createHash('sha256').update(`${seed} ${what}`).digest().readUInt32BE() % below;
}

/** Each of them once, in an order of the seed's, then whatever the seed says. */
export function disturbanceAt(seed: number, index: number): Disturbance {
  const order = [...disturbances].sort((left, right) => draw(seed, `order ${left}`, 2 ** 32) - draw(seed, `order ${right}`, 2 ** 32));
  return order[index < order.length ? index : draw(seed, `more ${index}`, order.length)] ?? 'kill';
}

/** Longer than a lease: what is cut off for so long has lost its claims. */
const beyondLeaseMs = times.leaseMs + 500;

/** Does it, and resolves when it is over. */
export async function disturb({ crew, redis, proxy }: Disturbed, disturbance: Disturbance, number: number): Promise<void> {
  switch (disturbance) {
    case 'kill':
      return crew.signal(number, 'SIGKILL');
    case 'freeze':
      crew.signal(number, 'SIGSTOP');
      await sleep(beyondLeaseMs);
      return crew.thaw();
    case 'restart-redis':
      await redis.stop('SIGKILL');
      return redis.start();
    case 'pause-redis':
      process.kill(redis.pid(), 'SIGSTOP');
      await sleep(800);
      return void process.kill(redis.pid(), 'SIGCONT');
    case 'black-hole':
      proxy.swallow(true);
      await sleep(1_000);
      proxy.swallow(false);
      return proxy.leadTo(redis.port);
    case 'wipe-queue':
      return wipeQueue(redis);
  }
}

async function wipeQueue({ port }: TestRedis): Promise<void> {
  const client = new Redis({ port, db: databases.queue });
  try {
    await client.flushdb();
  } finally {
    client.disconnect();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobRecord, JobStore } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { Redis } from 'ioredis';
import { startBlackHoleProxy } from '../../packages/redis-store/src/testing/black-hole-proxy.ts';
import { countClients, startRedis } from '../../packages/redis-store/src/testing/redis-server.ts';
import { Crew } from './crew.ts';
import { disturb, disturbanceAt, draw, type Disturbance, type Disturbed } from './disturbances.ts';
import { databases, openFleet, type OpenFleet } from './open-fleet.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly workers: number;
  readonly jobs: number;
  readonly workFolder: string;
  readonly journal: string;
  /** Between two disturbances. */
  readonly everyMs: number;
}

/** What a fleet came to. */
export interface Played {
  readonly records: readonly JobRecord[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly disturbances: readonly Disturbance[];
  readonly workersStarted: number;
  readonly open: OpenFleet;
  /** What lines of the queue still held when all jobs had ended and the workers had had time to look. */
  readonly depth: { readonly waiting: number; readonly running: number };
  /** Keys that belong to an entry of the queue or to a record of the store. */
  readonly keysOfJobs: () => Promise<readonly string[]>;
  readonly wallMs: number;
}

/** Locks last three seconds, and are looked for each second. */
const emptyWithinMs = 20_000;

/** A fleet that does not end in this time has failed. */
const patienceMs = 300_000;

/** Jobs that are submitted before the reset, which takes them. */
const shareBeforeReset = 0.2;

/**
 * Plays one seed: workers, jobs, a reset in the middle, one disturbance after the other until all jobs have ended. Workers reach
 * Redis through a proxy, the test itself directly. `check` looks at the end of it while the fleet is still open. Tells how many clients
 * Redis still had when all was closed.
 */
export async function playSeed(options: SeedOptions, check: (played: Played) => Promise<void>): Promise<number> {
  const { seed, workers, jobs: count, workFolder, journal } = options;
  const startedAt = performance.now();
  await using redis = await startRedis(['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']);
  await using proxy = await startBlackHoleProxy(redis.port);
  await using crew = new Crew({ host: '127.0.0.1', port: proxy.port, workFolder, journal }, workers);
  const open = await openFleet({ host: '127.0.0.1', port: redis.port, workFolder, journal }, false);
  const over = new AbortController();
  let trouble = Promise.resolve();
  try {
    await submitAll(open, `${seed} before`, Math.ceil(count * shareBeforeReset), seed);
    const disturbed: Disturbed = { crew, redis, proxy };
    const done: Disturbance[] = [];
    trouble = disturbUntil(over.signal, options, disturbed, done);
    // Told where it is awaited.
    trouble.catch(() => undefined);
    // One that meets a Redis that is away says so in its report, and may have done nothing.
    while (!(await open.jobs.reset({ level: 'deep' })).ok) await sleep(100);
    const submitted = await submitAll(open, `${seed} after`, count, seed);
    const records = await allEnded(open.store, submitted);
    over.abort();
    await trouble;
    const depth = await untilEmpty(open);
    await crew.dismiss();
    const numbers = new Map(submitted.map(({ id }, number) => [id, number]));
    await check({ records, numbers, disturbances: done, workersStarted: crew.started, open, depth, wallMs: performance.now() - startedAt, keysOfJobs: () => keysOfJobsIn(redis.port) });
  } finally {
    over.abort();
    // Nothing is disturbed any more when Redis goes.
    await Promise.allSettled([trouble]);
    await open.jobs.close({ deadlineMs: 0 });
  }
  return await clientsOf(redis.port);
}

/** What was handed out when its worker died comes back at BullMQ's next look, and whoever gets it then does nothing. */
async function untilEmpty({ queue }: OpenFleet): Promise<Played['depth']> {
  for (const startedAt = performance.now(); ; ) {
    const depth = await patiently(() => queue.depth());
    if ((depth.waiting === 0 && depth.running === 0) || performance.now() - startedAt > emptyWithinMs) return depth;
    await sleep(100);
  }
}

async function disturbUntil(over: AbortSignal, { seed, everyMs }: SeedOptions, disturbed: Disturbed, done: Disturbance[]): Promise<void> {
  for (let index = 0; !over.aborted; index += 1) {
    const disturbance = disturbanceAt(seed, index);
    await disturb(disturbed, disturbance, draw(seed, `worker ${index}`, 1_000));
    done.push(disturbance);
    await sleep(everyMs, undefined, { signal: over }).catch(() => undefined);
  }
}

async function submitAll({ jobs }: OpenFleet, batch: string, count: number, seed: number): Promise<readonly Job<unknown>[]> {
  const submitted: Job<unknown>[] = [];
  for (let start = 0; start < count; start += 50) {
    const numbers = Array.from({ length: Math.min(50, count - start) }, (_, index) => start + index);
    submitted.push(...(await Promise.all(numbers.map((number) => patiently(() => jobs.submit('fleet', { batch, number, ms: 20 + draw(seed, `work ${number}`, 200) }))))));
  }
  return submitted;
}

/** Asks again while Redis is away, as any client of a service does. */
async function patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (const startedAt = performance.now(); ; ) {
    try {
      return await ask();
    } catch (error) {
      const { class: kind } = MediaJobError.from(error);
      if (!['infrastructure', 'overload', 'transient'].includes(kind) || performance.now() - startedAt > patienceMs) throw error;
    }
    await sleep(100);
  }
}

async function allEnded(store: JobStore, submitted: readonly Job<unknown>[]): Promise<readonly JobRecord[]> {
  const ended: JobRecord[] = [];
  const startedAt = performance.now();
  for (const { id } of submitted) {
    for (;;) {
      const record = await patiently(() => store.get(id));
      if (record !== null && ['completed', 'failed', 'cancelled'].includes(record.state)) {
        ended.push(record);
        break;
      }
      if (performance.now() - startedAt > patienceMs) throw new Error(`Job ${id} has not ended: ${JSON.stringify(record)}`);
      await sleep(50);
    }
  }
  return ended;
}

/** An entry of the queue has the id of its job in its name, and locks and the like stand below it; a record ends with what follows `mj_`. */
async function keysOfJobsIn(port: number): Promise<readonly string[]> {
  const found = await Promise.all(Object.values(databases).map((db) => withClient({ port, db }, (client) => client.keys('*'))));
  return found.flat().filter((key) => /mj_|[a-z2-7]{26}(?::[br])?$/.test(key));
}

async function clientsOf(port: number): Promise<number> {
  return withClient({ port, db: databases.records }, (client) => countClients(client, 1));
}

async function withClient<Result>(place: { readonly port: number; readonly db: number }, ask: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(place);
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

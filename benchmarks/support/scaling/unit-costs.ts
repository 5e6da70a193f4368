import { setTimeout as sleep } from 'node:timers/promises';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { mediaJobsDefaults, type ClaimedJob, type JobPointer } from '@media-jobs/core';
import { ownerId } from '@media-jobs/process';
import { createRedisStore, type RedisStore } from '@media-jobs/redis-store';
import type { Redis } from 'ioredis';
import { usageOf, usedMemory, type RedisUsage } from './redis-usage.ts';
import { completionOf, lookInVain, operation, requestOf } from './store-load.ts';

/** What one act asks of Redis. */
export interface UnitCost {
  /** Microseconds of the thread that runs commands. */
  readonly cpuMicros: number;
  /** Commands, those in scripts included. */
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What was measured one by one, each act alone in its turn, as it is when each worker is a process. */
export interface UnitCosts {
  readonly submit: UnitCost;
  readonly claim: UnitCost;
  readonly beat: UnitCost;
  /** One of 100 that beat in one script. */
  readonly beatOfHundred: UnitCost;
  readonly commit: UnitCost;
  /** Through the queue: put in, taken out, ended. */
  readonly queue: UnitCost;
  readonly epochLook: UnitCost;
  /** Of each lease: what has lapsed, what is to be tried again, how much runs. */
  readonly dueLook: UnitCost;
  /** One running job in the list of all that run. */
  readonly listed: UnitCost;
  /** A record whose time is over: taken and deleted. */
  readonly expired: UnitCost;
  /** Bytes of a running job, and of a completed one; all keys and indexes. */
  readonly runningBytes: number;
  readonly completedBytes: number;
}

const { leaseMs } = mediaJobsDefaults;
const claimOf = { owner: ownerId(), leaseMs, operations: [operation] };

/** One of so many acts. */
export function perAct({ cpuMs, commands, bytesIn, bytesOut }: RedisUsage, count: number): UnitCost {
  return { cpuMicros: (1_000 * cpuMs) / count, commands: commands / count, bytesIn: bytesIn / count, bytesOut: bytesOut / count };
}

/** Measures on a server that does nothing else. Leaves the server empty. */
export async function measureUnitCosts(admin: Redis, url: string, count: number): Promise<UnitCosts> {
  // Two handles: a claim of what the same handle submitted brings less.
  await using submitter = createRedisStore({ url, prefix: 'units' });
  let offsetMs = 0;
  await using worker = createRedisStore({ url, prefix: 'units', clockOffsetMs: () => offsetMs });
  const epoch = await submitter.epoch();
  const each = async (act: (index: number) => Promise<unknown>): Promise<UnitCost> => perAct(await usageOf(admin, async () => { for (let index = 0; index < count; index += 1) await act(index); }), count);
  await warmUp(submitter, worker, epoch);
  const emptyBytes = await usedMemory(admin);
  const pointers: JobPointer[] = [];
  const claimed: ClaimedJob[] = [];
  const submit = await each(async (index) => {
    const outcome = await submitter.submit(requestOf(epoch, `unit-${index}`));
    if (outcome.kind === 'created') pointers.push({ id: outcome.record.id, sequence: outcome.record.sequence, epoch });
  });
  const claim = await each(async (index) => claimed.push(...(await worker.claim({ ...claimOf, limit: 1, pointers: pointers.slice(index, index + 1) }))));
  const runningBytes = ((await usedMemory(admin)) - emptyBytes) / count;
  const beats = (from: number, size: number, ratio: number) => worker.heartbeat(claimed.slice(from, from + size).map(({ key }) => ({ ...key, progress: { ratio, phase: 'listening' } })), leaseMs);
  const beat = await each((index) => beats(index, 1, 0.1));
  const beatOfHundred = perAct(await usageOf(admin, async () => { for (let at = 0; at < count; at += 100) await beats(at, 100, 0.2); }), count);
  const listed = perAct(await usageOf(admin, () => submitter.list({ states: ['running'] }, { limit: Math.min(1_000, count) })), Math.min(1_000, count));
  const epochLook = await each(() => worker.epoch());
  const dueLook = await each(() => lookInVain(worker));
  const commit = perAct(await usageOf(admin, async () => { for (const one of claimed) await worker.commit(one.key, completionOf(one)); }), count);
  const completedBytes = ((await usedMemory(admin)) - emptyBytes) / count;
  offsetMs = 2 * 86_400_000;
  const expired = perAct(await usageOf(admin, () => expireAll(worker)), count);
  await admin.flushdb();
  return { submit, claim, beat, beatOfHundred, commit, queue: await measureQueue(admin, url, count), epochLook, dueLook, listed, expired, runningBytes, completedBytes };
}

/** Scripts, counters, the stream of events and both connections are there before anything is measured. */
async function warmUp(submitter: RedisStore, worker: RedisStore, epoch: string): Promise<void> {
  for (let index = 0; index < 300; index += 1) {
    await submitter.submit(requestOf(epoch, `warm-${index}`));
    const [claimed] = await worker.claim({ ...claimOf, limit: 1 });
    if (claimed === undefined) throw new Error('Nothing was claimed.');
    await worker.heartbeat([{ ...claimed.key, progress: { ratio: 0.1, phase: 'listening' } }], leaseMs);
    await worker.commit(claimed.key, completionOf(claimed));
  }
}

async function expireAll(store: RedisStore): Promise<void> {
  for (let taken = await store.takeExpired(50); taken.length > 0; taken = await store.takeExpired(50)) for (const { id, takeToken } of taken) await store.purge(id, takeToken);
}

/** From one handle to the worker of another, one after the other. */
async function measureQueue(admin: Redis, url: string, count: number): Promise<UnitCost> {
  await using submitter = createBullmqQueue({ connection: url, prefix: 'units' });
  await using worker = createBullmqQueue({ connection: url, prefix: 'units' });
  let arrived = (): void => undefined;
  await worker.consume(() => Promise.resolve(arrived()), { [operation]: 1 });
  const pass = async (number: number): Promise<void> => {
    const arrives = new Promise<void>((resolve) => void (arrived = resolve));
    await submitter.dispatch({ pointer: { id: `mj_${String(number).padStart(26, '0')}`, sequence: number, epoch: 'e' }, operation, priority: 0 });
    await arrives;
  };
  for (let number = 1; number <= 20; number += 1) await pass(number);
  const usage = await usageOf(admin, async () => {
    for (let number = 1; number <= count; number += 1) await pass(1_000 + number);
    await sleep(100);
  });
  return perAct(usage, count);
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, mediaJobsDefaults } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import type { Redis } from 'ioredis';
import { waitLong } from '../wait-operation.ts';
import { usageOf } from './redis-usage.ts';
import { perAct, type UnitCost } from './unit-costs.ts';

/** What one real worker process asks of Redis, and holds there. */
export interface WorkerCosts {
  /** In a second, without work. */
  readonly idle: UnitCost;
  /** In a second, with one job that runs and reports nothing. */
  readonly busy: UnitCost;
  readonly connections: number;
  /** With one more operation. */
  readonly connectionsOfTwo: number;
}

const workerModule = fileURLToPath(new URL('worker-process.ts', import.meta.url));

/** A whole lease: everything that a worker does of itself comes once. */
const windowMs = mediaJobsDefaults.leaseMs;

/** Starts so many processes, each with one place, first without work and then with one job each. */
export async function measureWorkers(admin: Redis, url: string, workFolder: string, count: number): Promise<WorkerCosts> {
  const prefix = 'workers';
  const clients = async (): Promise<number> => String(await admin.client('LIST')).trim().split('\n').length;
  const before = await clients();
  const children = await startWorkers(count, [url, prefix, workFolder, '1']);
  const connections = ((await clients()) - before) / count;
  const [other] = await startWorkers(1, [url, `${prefix}-two`, workFolder, '2']);
  const connectionsOfTwo = (await clients()) - before - connections * count;
  if (other !== undefined) await endWorkers([other]);
  const each = async (): Promise<UnitCost> => perAct(await usageOf(admin, () => sleep(windowMs)), (count * windowMs) / 1_000);
  const idle = await each();
  const busy = await withJobs(url, prefix, workFolder, count, each);
  await endWorkers(children);
  await admin.flushdb();
  return { idle, busy, connections, connectionsOfTwo };
}

/** While each worker has a job; by a process that then is closed, and asks nothing meanwhile. */
async function withJobs<Result>(url: string, prefix: string, workFolder: string, count: number, act: () => Promise<Result>): Promise<Result> {
  const open = () => createMediaJobs({ operations: [waitLong], store: createRedisStore({ url, prefix }), queue: createBullmqQueue({ connection: url, prefix }), workFolder, worker: false });
  const jobs = await open();
  for (let number = 0; number < count; number += 1) await jobs.submit('wait-long', { number });
  while ((await jobs.stats()).byState.running < count) await sleep(50);
  await jobs.close();
  return act();
}

async function startWorkers(count: number, args: readonly string[]): Promise<readonly ChildProcess[]> {
  const children = Array.from({ length: count }, () => fork(workerModule, [...args], { execArgv: ['--conditions=@media-jobs/source'] }));
  await Promise.all(children.map((child) => once(child, 'message')));
  // What a start asks once, and connections that come late.
  await sleep(3_000);
  return children;
}

async function endWorkers(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(children.map(async (child) => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }));
}

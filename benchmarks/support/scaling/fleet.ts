import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { mediaJobsDefaults } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import type { Redis } from 'ioredis';
import type { DriverReport, DriverStep, DriverTask, FromDriver } from './fleet-messages.ts';
import { blockMs } from '../../../packages/redis-store/src/change-feed.ts';
import { addCounts, latencyAt } from './latencies.ts';
import { readUsage, usageBetween, type RedisUsage } from './redis-usage.ts';
import { requestOf } from './store-load.ts';

/** The fleet that is played. */
export interface FleetShape {
  /** Workers with one place each: so many leases are held, and each beats alone. */
  readonly workers: number;
  /** Time that a job takes, in seconds. */
  readonly jobSeconds: number;
  /** Processes that ask in the name of the workers. */
  readonly drivers: number;
}

/** What one step showed. */
export interface FleetFigures {
  /** To the rate of the fleet. */
  readonly factor: number;
  readonly usage: RedisUsage;
  /** Of its time in which the thread of Redis worked, 0..1. */
  readonly redisShare: number;
  /** The same of the drivers: that of the busiest. */
  readonly driverShare: number;
  /** Milliseconds: 50 %, 99 %, longest. */
  readonly beats: readonly number[];
  readonly claims: readonly number[];
  readonly commits: readonly number[];
  /** Milliseconds that the drivers themselves were late, 99 %. */
  readonly latenessMs: number;
  readonly failed: number;
  readonly unanswered: number;
}

const driverModule = fileURLToPath(new URL('fleet-driver.ts', import.meta.url));
const handlesEach = 16;

/** What all workers together ask in a second. */
export function ratesOf({ workers, jobSeconds }: Pick<FleetShape, 'workers' | 'jobSeconds'>): Pick<DriverStep, 'beats' | 'jobs' | 'sweeps' | 'looks' | 'waits'> {
  const { heartbeatMs, leaseMs } = mediaJobsDefaults;
  const each = (ms: number): number => (workers * 1_000) / ms;
  return { beats: each(heartbeatMs), jobs: workers / jobSeconds, sweeps: each(leaseMs), looks: each(heartbeatMs), waits: each(blockMs) };
}

/** A fleet whose workers all have a job, kept alive by nobody until a step is played. */
export async function openFleet(admin: Redis, url: string, shape: FleetShape): Promise<AsyncDisposable & { play(factor: number, times: Pick<DriverStep, 'warmUpMs' | 'forMs'>): Promise<FleetFigures> }> {
  const prefix = 'fleet';
  await fillLine(url, prefix, shape.workers);
  const task: DriverTask = { url, prefix, claims: shape.workers / shape.drivers, handles: handlesEach };
  const children = Array.from({ length: shape.drivers }, () => fork(driverModule, [JSON.stringify(task)], { execArgv: ['--conditions=@media-jobs/source'] }));
  await Promise.all(children.map((child) => once(child, 'message')));
  const rates = ratesOf(shape);
  return {
    async play(factor, times) {
      const share = factor / shape.drivers;
      const step: DriverStep = { beats: rates.beats * share, jobs: rates.jobs * share, sweeps: rates.sweeps * share, looks: rates.looks * share, waits: rates.waits * share, ...times };
      const began = Promise.withResolvers<void>();
      const reports = children.map((child) => playOne(child, step, began.resolve));
      await began.promise;
      const before = await readUsage(admin);
      // The tail of the step, in which answers are only waited for, is not part of it.
      await new Promise((resolve) => void setTimeout(resolve, times.forMs));
      const usage = usageBetween(before, await readUsage(admin));
      return figuresOf(factor, usage, await Promise.all(reports));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map(async (child) => {
        const gone = once(child, 'exit');
        child.disconnect();
        await gone;
      }));
    },
  };
}

async function fillLine(url: string, prefix: string, count: number): Promise<void> {
  await using store = createRedisStore({ url, prefix });
  const epoch = await store.epoch();
  for (let start = 0; start < count; start += 500) await Promise.all(Array.from({ length: Math.min(500, count - start) }, (_, index) => store.submit(requestOf(epoch, `first-${start + index}`))));
}

async function playOne(child: ChildProcess, step: DriverStep, began: () => void): Promise<DriverReport> {
  const ended = new AbortController();
  child.once('exit', (code) => ended.abort(new Error(`A driver has ended with ${code}.`)));
  const messages = on(child, 'message', { signal: ended.signal });
  child.send(step);
  for await (const [message] of messages as AsyncIterable<[FromDriver]>) {
    if ('measuring' in message) began();
    if ('report' in message) return message.report;
  }
  throw new Error('A driver has ended.');
}

function figuresOf(factor: number, usage: RedisUsage, reports: readonly DriverReport[]): FleetFigures {
  const times = (name: 'beats' | 'claims' | 'commits'): readonly number[] => [0.5, 0.99, 1].map((share) => latencyAt(addCounts(reports.map((report) => report[name])), share));
  const sum = (name: 'failed' | 'unanswered'): number => reports.reduce((total, report) => total + report[name], 0);
  return {
    factor, usage, redisShare: usage.cpuMs / usage.atMs, driverShare: Math.max(...reports.map(({ cpuShare }) => cpuShare)), beats: times('beats'), claims: times('claims'), commits: times('commits'),
    latenessMs: latencyAt(addCounts(reports.map(({ lateness }) => lateness)), 0.99), failed: sum('failed'), unanswered: sum('unanswered'),
  };
}

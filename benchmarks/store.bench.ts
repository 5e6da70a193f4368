/**
 * No-op jobs per second on one Redis: through our runner and store, through the store alone, and through BullMQ.
 * Also bytes of a finished record, trips of a job, duplicate submits, and a heartbeat of 1,000 jobs.
 * `node --conditions=@media-jobs/source benchmarks/store.bench.ts [jobs] [rounds]`; needs redis-server.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, defineOperation, jobIdentity, type ClaimedJob, type SubmitRequest } from '@media-jobs/core';
import { ownerId } from '@media-jobs/process';
import { createRedisStore, type RedisStore } from '@media-jobs/redis-store';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { startRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { alternate, median, report, table } from './report.ts';

const jobCount = Number(process.argv[2] ?? 2_000);
const rounds = Number(process.argv[3] ?? 7);
const concurrency = 8;
const numbers = Array.from({ length: jobCount }, (_, number) => number);

const before = loadavg()[0] ?? Number.NaN;
await using server = await startRedis();
const admin = new Redis(server.url);
let made = 0;
const prefix = (): string => `bench-${(made += 1)}`;
const perSecond = (count: number, startedAt: number): number => count / ((performance.now() - startedAt) / 1_000);

const noop = defineOperation({
  name: 'noop', version: 1, input: z.object({ number: z.number() }), output: z.object({}),
  limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency, maxWaiting: jobCount }, run: () => Promise.resolve({}),
});

async function throughRunner(): Promise<number> {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
  try {
    await using jobs = await createMediaJobs({ operations: [noop], store: createRedisStore({ url: server.url, prefix: prefix() }), workFolder });
    const startedAt = performance.now();
    const submitted = await Promise.all(numbers.map((number) => jobs.submit('noop', { number })));
    await Promise.all(submitted.map((job) => job.result()));
    return perSecond(jobCount, startedAt);
  } finally {
    await rm(workFolder, { recursive: true });
    await admin.flushdb();
  }
}

function request(epoch: string, number: number): SubmitRequest {
  return {
    ...jobIdentity({ operation: 'noop', version: 1, namespace: '', options: { number }, inputs: [], facts: {} }), epoch, namespace: '', operation: 'noop', operationVersion: 1, options: { number }, inputs: [],
    inputFolder: null, policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 86_400_000 }, priority: 0, correlationId: null, maxWaiting: 10_000_000, fresh: false,
  };
}

async function commit(store: RedisStore, epoch: string, { key }: ClaimedJob): Promise<void> {
  const usage = { wallMs: 1, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } as const;
  await store.commit(key, { kind: 'completed', output: {}, artifacts: [], outputFolder: `jobs/${epoch}/${key.id}/${key.token}`, usage });
}

const claimOf = (limit: number): Parameters<RedisStore['claim']>[0] => ({ owner: ownerId(), leaseMs: 30_000, operations: ['noop'], limit });

/** Submit, claim and commit of the store alone, as many at a time as the others. */
async function throughStore(): Promise<number> {
  await using store = createRedisStore({ url: server.url, prefix: prefix() });
  const epoch = await store.epoch();
  const startedAt = performance.now();
  await Promise.all(numbers.map((number) => store.submit(request(epoch, number))));
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (let [claimed] = await store.claim(claimOf(1)); claimed !== undefined; [claimed] = await store.claim(claimOf(1))) await commit(store, epoch, claimed);
  }));
  const speed = perSecond(jobCount, startedAt);
  await admin.flushdb();
  return speed;
}

async function throughBullmq(): Promise<number> {
  const name = prefix();
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const worker = new Worker(name, () => Promise.resolve({}), { connection, concurrency, autorun: false });
  await worker.waitUntilReady();
  const startedAt = performance.now();
  const ended = new Promise<void>((resolve) => {
    let completed = 0;
    worker.on('completed', () => void ((completed += 1) === jobCount && resolve()));
  });
  const working = worker.run();
  await Promise.all(numbers.map((number) => queue.add('noop', { number }, { removeOnComplete: true })));
  await ended;
  const speed = perSecond(jobCount, startedAt);
  await worker.close();
  await working;
  await queue.close();
  await admin.flushdb();
  return speed;
}

async function usedMemory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
}

/** Bytes of each of 10,000 finished records, all keys and indexes counted. */
async function bytesPerRecord(): Promise<number> {
  await using store = createRedisStore({ url: server.url });
  const epoch = await store.epoch();
  const finish = async (from: number, count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, index) => store.submit(request(epoch, from + index))));
    for (let claimed = await store.claim(claimOf(50)); claimed.length > 0; claimed = await store.claim(claimOf(50))) await Promise.all(claimed.map((one) => commit(store, epoch, one)));
  };
  await finish(0, 1_500);
  const empty = await usedMemory();
  await finish(1_500, 10_000);
  const bytes = (await usedMemory()) - empty;
  await admin.flushdb();
  return bytes / 10_000;
}

async function duplicatesPerSecond(): Promise<number> {
  await using store = createRedisStore({ url: server.url, prefix: prefix() });
  const epoch = await store.epoch();
  await store.submit(request(epoch, 0));
  const startedAt = performance.now();
  await Promise.all(numbers.map(() => store.submit(request(epoch, 0))));
  return perSecond(jobCount, startedAt);
}

async function heartbeatMs(): Promise<number> {
  await using store = createRedisStore({ url: server.url, prefix: prefix() });
  const epoch = await store.epoch();
  await Promise.all(Array.from({ length: 1_000 }, (_, number) => store.submit(request(epoch, number))));
  const claimed = await store.claim(claimOf(1_000));
  const startedAt = performance.now();
  await store.heartbeat(claimed.map(({ key }) => ({ ...key, progress: { ratio: 0.5, phase: 'listening' } })), 30_000);
  return performance.now() - startedAt;
}

/** Mean time of a script on the server, in microseconds. */
async function scriptMicroseconds(): Promise<number> {
  return Number(/cmdstat_evalsha:.*?usec_per_call=([\d.]+)/.exec(await admin.info('commandstats'))?.[1] ?? Number.NaN);
}

await throughStore();
await throughBullmq();
await admin.config('RESETSTAT');
const speeds = await alternate(rounds, { runner: throughRunner, store: throughStore, bullmq: throughBullmq });
const extras = await alternate(3, { duplicates: duplicatesPerSecond, heartbeat: heartbeatMs });
const bytes = await bytesPerRecord();
const micro = await scriptMicroseconds();
admin.disconnect();

const round = (value: number): string => Math.round(value).toLocaleString('en');
const row = (name: string, values: readonly number[]): string[] => [name, round(median(values)), round(Math.min(...values)), round(Math.max(...values)), `${(median(values) / median(speeds.bullmq)).toFixed(2)} ×`];

await report('store', 'Jobs on one Redis', `
\`benchmarks/store.bench.ts\`: ${jobCount.toLocaleString('en')} no-op jobs, ${concurrency} at a time, ${rounds} rounds, Redis without persistence on the same machine. BullMQ 6.7: \`add\` and
a worker, \`removeOnComplete\` on. Our jobs are kept, with their result, until their time to live is over.

${table([['through', 'jobs per second (median)', 'lowest', 'highest', 'to BullMQ'], row('submit, runner, Redis store', speeds.runner), row('Redis store alone: submit, claim, commit', speeds.store), row('BullMQ: add, worker', speeds.bullmq)])}

The goal of 2 × BullMQ is ${median(speeds.runner) >= 2 * median(speeds.bullmq) ? 'reached' : 'not reached'}. Of the time that a job takes here about half is the store's (encoding, one command for many jobs, a record and its
indexes on the server), the other half the runner's: validating and hashing the input, two time limits, verifying the output, and
whoever waits for the end. BullMQ stores less, validates nothing, and forgets the job when it has ended. Load average of the machine
before it began: ${before.toFixed(1)} on ${availableParallelism()} processors; above the number of processors compare the columns only, and those with care.
One process that starts ffmpeg or Whisper for each job needs a few jobs per second.

${table([
  ['what', 'measured', 'goal'],
  ['bytes of a finished record, all keys and indexes counted', round(bytes), '≤ 750'],
  ['round trips of a job alone in the store: submit, claim, commit', '3', '≤ 3'],
  ['the same where each commit claims the next job', '2', '≤ 3'],
  ['duplicate submits per second', round(median(extras.duplicates)), ''],
  ['heartbeat of 1,000 jobs with progress, in milliseconds', median(extras.heartbeat).toFixed(1), ''],
  ['mean time of a script on the server, in microseconds, BullMQ included', micro.toFixed(0), '< 1,000'],
])}
`);

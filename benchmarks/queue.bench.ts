/**
 * No-op jobs per second through our store on BullMQ against BullMQ alone, on one Redis: in one process, and from 1 to 8 worker
 * processes; commands, bytes on the wire and processor time of a job beside it; and how soon the job of a killed worker runs again.
 * `node --conditions=@media-jobs/source benchmarks/queue.bench.ts [jobs] [rounds] [kills]`; needs redis-server.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, type MediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { startRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { alternate, median, report, table } from './report.ts';
import { noop } from './support/noop-operation.ts';
import { recoveryTimes } from './support/recovery-times.ts';

const jobCount = Number(process.argv[2] ?? 5_000);
const rounds = Number(process.argv[3] ?? 5);
const kills = Number(process.argv[4] ?? 20);
const widths = [1, 2, 4, 8];
const numbers = Array.from({ length: jobCount }, (_, number) => number);
const workerModule = fileURLToPath(new URL('support/queue-worker.ts', import.meta.url));

/** Of one run. */
interface Figures {
  readonly perSecond: number;
  readonly commands: number;
  readonly bytes: number;
  /** Processor time of submitter, workers and Redis, in µs a job: what is left to compare where the machine is not quiet. */
  readonly cpuUs: number;
}

await using server = await startRedis();
const admin = new Redis(server.url);
const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-queue-bench-'));
let made = 0;

/** Commands that Redis was sent, those in scripts included, bytes in both directions, and processor time of it and of this process. */
async function counters(): Promise<{ readonly commands: number; readonly bytes: number; readonly cpuUs: number }> {
  const [stats, commandstats, cpu] = [await admin.info('stats'), await admin.info('commandstats'), await admin.info('cpu')];
  const value = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(stats)?.[1]);
  const commands = [...commandstats.matchAll(/cmdstat_\S+?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  const ofRedis = [...cpu.matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)].reduce((sum, [, seconds]) => sum + Number(seconds) * 1e6, 0);
  const { user, system } = process.cpuUsage();
  return { commands, bytes: value('total_net_input_bytes') + value('total_net_output_bytes'), cpuUs: ofRedis + user + system };
}

async function startWorkers(kind: 'ours' | 'bare', prefix: string, width: number): Promise<readonly ChildProcess[]> {
  const children = Array.from({ length: width }, () => fork(workerModule, [kind, server.url, prefix, workFolder], { execArgv: ['--conditions=@media-jobs/source'] }));
  await Promise.all(children.map((child) => once(child, 'message')));
  return children;
}

/** Tells what processor time they took, in µs. */
async function endWorkers(children: readonly ChildProcess[]): Promise<number> {
  const taken = await Promise.all(children.map(async (child) => {
    const [gone, told] = [once(child, 'exit'), once(child, 'message')];
    child.send('end');
    const [cpuUs] = (await told) as [number];
    await gone;
    return cpuUs;
  }));
  return taken.reduce((sum, cpuUs) => sum + cpuUs, 0);
}

/** From the first submit until the last has ended, with this many worker processes. */
async function measured(kind: 'ours' | 'bare', width: number, play: (prefix: string) => Promise<void>): Promise<Figures> {
  const prefix = `bench-${(made += 1)}`;
  const workers = await startWorkers(kind, prefix, width);
  const [startedAt, before] = [performance.now(), await counters()];
  await play(prefix);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await counters();
  const cpuUs = after.cpuUs - before.cpuUs + (await endWorkers(workers));
  await admin.flushdb();
  return { perSecond: jobCount / seconds, commands: (after.commands - before.commands) / jobCount, bytes: (after.bytes - before.bytes) / jobCount, cpuUs: cpuUs / jobCount };
}

async function playOurs(prefix: string): Promise<void> {
  const store = createRedisStore({ url: server.url, prefix });
  await using jobs: MediaJobs<readonly [typeof noop]> = await createMediaJobs({ operations: [noop], store, queue: createBullmqQueue({ connection: server.url, prefix }), workFolder, worker: false });
  await Promise.all(numbers.map((number) => jobs.submit('noop', { number })));
  await until(async () => (await store.stats()).byState.completed >= jobCount);
}

async function playBare(prefix: string): Promise<void> {
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue('noop', { connection, prefix });
  await Promise.all(numbers.map((number) => queue.add('noop', { number })));
  await until(async () => ((await queue.getJobCounts('completed'))['completed'] ?? 0) >= jobCount);
  await queue.close();
  connection.disconnect();
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => void setTimeout(resolve, 10));
}

const measurements = Object.fromEntries(widths.flatMap((width) => [
  [`ours ${width}`, () => measured('ours', width, playOurs)],
  [`bare ${width}`, () => measured('bare', width, playBare)],
]));
const figures = await alternate(rounds, measurements);
const recovered = await recoveryTimes(server.url, workFolder, kills);
const middle = (name: string, figure: keyof Figures): number => median((figures[name] ?? []).map((each) => each[figure]));
const whole = (value: number): string => Math.round(value).toLocaleString('en');

const rows = widths.map((width) => {
  const [ours, bare] = [`ours ${width}`, `bare ${width}`];
  return [String(width), whole(middle(ours, 'perSecond')), whole(middle(bare, 'perSecond')), (middle(ours, 'perSecond') / middle(bare, 'perSecond')).toFixed(2), `${middle(ours, 'commands').toFixed(1)} / ${middle(bare, 'commands').toFixed(1)}`, `${whole(middle(ours, 'bytes'))} / ${whole(middle(bare, 'bytes'))}`, `${whole(middle(ours, 'cpuUs'))} / ${whole(middle(bare, 'cpuUs'))}`];
});
const sorted = [...recovered].sort((left, right) => left - right);
const at = (share: number): string => `${((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) / 1_000).toFixed(2)} s`;
await report('queue', 'Many workers on BullMQ', `
\`${jobCount}\` jobs that do nothing, submitted at once, ${noop.limits.concurrency} at a time in each worker process, ${rounds} rounds; workers, submitter and
Redis share ${availableParallelism()} processors. Ours: submit, claim and commit in the store, and a pointer in BullMQ. Bare: BullMQ alone, which keeps
nothing but the entry. Commands and bytes are all that Redis was sent and sent, for a job, commands within scripts included;
processor time is that of submitter, workers and Redis together, and what bounds all of them where they share so few processors. Goal: a ratio of 0.6, which would leave
a job 1.7 times the processor time that BullMQ takes for it alone; the record of the job is what takes more.

${table([['worker processes', 'ours, jobs/s', 'BullMQ alone, jobs/s', 'ratio', 'commands, ours / alone', 'bytes, ours / alone', 'processor time in µs, ours / alone'], ...rows])}

The job of a worker that is killed (\`kill -9\`) on the same host runs again after: median ${at(0.5)}, 90 % within ${at(0.9)}, longest ${at(1)}, of ${sorted.length} kills
with a lease of 3 s and a sweep each 3 s. A worker on another host is given up when its lease has passed, so lease + sweep bounds both.
`);
admin.disconnect();
await rm(workFolder, { recursive: true });

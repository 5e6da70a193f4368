/**
 * No-op jobs per second through submit, runner and memory store, against the same number of no-ops through bare p-queue.
 * `node --conditions=@media-jobs/source benchmarks/runner.bench.ts [jobs] [rounds]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore, defineOperation } from '@media-jobs/core';
import PQueue from 'p-queue';
import { z } from 'zod';
import { alternate, median, report, table } from './report.ts';

const jobCount = Number(process.argv[2] ?? 2_000);
const rounds = Number(process.argv[3] ?? 9);
const concurrency = 8;

const noop = defineOperation({
  name: 'noop',
  version: 1,
  input: z.object({ number: z.number() }),
  output: z.null(),
  limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency, maxWaiting: jobCount },
  run: () => Promise.resolve(null),
});

const numbers = Array.from({ length: jobCount }, (_, number) => number);

async function throughRunner(): Promise<number> {
  const workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-bench-'));
  try {
    await using jobs = await createMediaJobs({ operations: [noop], store: createMemoryStore(), workFolder });
    const startedAt = performance.now();
    const submitted = await Promise.all(numbers.map((number) => jobs.submit('noop', { number })));
    await Promise.all(submitted.map((job) => job.result()));
    return jobCount / ((performance.now() - startedAt) / 1_000);
  } finally {
    await rm(workFolder, { recursive: true });
  }
}

async function throughQueue(): Promise<number> {
  const queue = new PQueue({ concurrency });
  const startedAt = performance.now();
  await Promise.all(numbers.map((number) => queue.add(() => Promise.resolve(number))));
  return jobCount / ((performance.now() - startedAt) / 1_000);
}

await throughRunner();
const figures = await alternate(rounds, { runner: throughRunner, queue: throughQueue });
const [runner, queue] = [median(figures.runner), median(figures.queue)];
const perJobMs = (1_000 / runner).toFixed(3);
const row = (name: string, values: readonly number[]): string[] => [name, Math.round(median(values)).toLocaleString('en'), Math.round(Math.min(...values)).toLocaleString('en'), Math.round(Math.max(...values)).toLocaleString('en')];

await report('runner', 'Runner against bare p-queue', `
\`benchmarks/runner.bench.ts\`: ${jobCount.toLocaleString('en')} no-op jobs, ${concurrency} at a time, ${rounds} rounds. A job is validated, hashed to its id, stored, claimed,
run under two time limits, verified, committed, and awaited; p-queue only calls a function.

${table([['through', 'jobs per second (median)', 'lowest', 'highest'], row('submit, runner, memory store', figures.runner), row('bare p-queue', figures.queue)])}

Bare p-queue does ${(queue / runner).toFixed(1)} × as many. What is added costs ${perJobMs} ms per job: ${((Number(perJobMs) / 1_000) * 100).toFixed(3)} % of a job that takes one second.
`);

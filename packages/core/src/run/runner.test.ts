import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, defineOperation, type Attempt } from '@media-jobs/core';
import { collectLogs, createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { runProgram } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, leftFolders, openBench, passing, untilState } from './testing/bench.ts';

const pids: number[] = [];

afterAll(async () => {
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await leftFolders()).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A program that writes its pid, ignores TERM when it is told to, and would run for a minute. */
const script = `
  const { renameSync, writeFileSync } = require('node:fs');
  if (process.argv[2] === 'deaf') process.on('SIGTERM', () => undefined);
  writeFileSync('pid.part', String(process.pid));
  renameSync('pid.part', 'pid');
  setTimeout(() => undefined, 60_000);
`;

function spawning(onStart: (pid: number, attempt: Attempt) => void) {
  return defineOperation({
    name: 'spawn',
    version: 1,
    input: z.object({ kind: z.enum(['polite', 'deaf', 'none']), number: z.number().default(0) }),
    output: z.string(),
    limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000, concurrency: 1 },
    run: async ({ kind }, attempt) => {
      if (kind === 'none') return 'ran';
      await writeFile(join(attempt.tempFolder, 'half-done'), 'x');
      const running = runProgram({ command: process.execPath, args: ['-e', script, '--', kind], cwd: attempt.tempFolder, ...attempt.controls });
      await Promise.race([running, eventually(() => existsSync(join(attempt.tempFolder, 'pid')))]);
      const pid = Number(await readFile(join(attempt.tempFolder, 'pid'), 'utf8'));
      pids.push(pid);
      onStart(pid, attempt);
      await running;
      return 'ended';
    },
  });
}

test.each(['polite', 'deaf'] as const)('a cancelled job\'s %s process is gone within a second, with its temp files', async (kind) => {
  const started = Promise.withResolvers<number>();
  await using bench = await openBench({ operations: [spawning(started.resolve)], realTime: true });
  const job = await bench.jobs.submit('spawn', { kind });
  const pid = await started.promise;
  const cancelledAt = performance.now();
  await job.cancel();
  await eventually(() => !isAlive(pid));
  expect(performance.now() - cancelledAt).toBeLessThan(1_000);
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
  expect([await bench.tempNames(), await bench.jobFolders()]).toEqual([[], []]);
});

test('the place is held until the process is really gone: the next job starts after it', async () => {
  const started = Promise.withResolvers<number>();
  await using bench = await openBench({ operations: [spawning(started.resolve)], realTime: true });
  const deaf = await bench.jobs.submit('spawn', { kind: 'deaf' });
  const pid = await started.promise;
  const next = await bench.jobs.submit('spawn', { kind: 'none' });
  await deaf.cancel();
  let aliveAtStart: boolean | undefined;
  for await (const { state } of next.events()) if (state !== 'queued') aliveAtStart ??= isAlive(pid);
  expect(aliveAtStart).toBe(false);
});

test('a process that outlives its soft limit is ended, and the usage of all processes is on the record', async () => {
  const started = Promise.withResolvers<number>();
  const operation = spawning(started.resolve);
  await using bench = await openBench({ operations: [{ ...operation, limits: { ...operation.limits, softTimeoutMs: 400, hardTimeoutMs: 600, maxAttempts: 1 } }], realTime: true });
  const job = await bench.jobs.submit('spawn', { kind: 'deaf' });
  await expect(job.result()).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect((await job.record()).usage).toMatchObject({ sampled: true, wallMs: expect.any(Number), peakRssBytes: expect.any(Number) });
  expect((await job.record()).usage?.wallMs).toBeGreaterThanOrEqual(400);
});

test('no more jobs run at once than the operation allows, and higher priority goes first', async () => {
  const gate = Promise.withResolvers<void>();
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'wait', for: gate.promise }]], limits: { concurrency: 2 } });
  await using bench = await openBench({ operations: [slow] });
  const jobs = [];
  for (const [number, priority] of [0, 0, 1, 5].entries()) jobs.push(await bench.jobs.submit('slow', { number }, { priority }));
  await slow.started(2);
  await bench.clock.advance(10_000);
  expect(slow.calls).toHaveLength(2);
  expect(await bench.jobs.stats()).toMatchObject({ runner: { running: 2, stuck: 0 } });
  gate.resolve();
  await Promise.all(jobs.map((job) => job.result()));
  expect(slow.calls.map(({ input }) => input['number']).slice(2)).toEqual([3, 2]);
});

test('an operation that ignores even the kill keeps its place, is reported, and never runs twice', async () => {
  const gate = Promise.withResolvers<void>();
  const stone = scriptedOperation({ name: 'stone', script: [[{ do: 'wait', for: gate.promise }, { do: 'succeed', output: 'late' }]], limits: { concurrency: 1, maxAttempts: 1 } });
  await using bench = await openBench({ operations: [stone] });
  const job = await bench.jobs.submit('stone', {});
  await stone.started(1);
  await bench.clock.advance(300_000);
  expect((await bench.jobs.stats()).runner).toEqual({ running: 1, stuck: 1 });
  expect(bench.logs.lines.filter(({ fields }) => fields['stuck'] === true)).toHaveLength(1);
  expect(stone.calls).toHaveLength(1);
  gate.resolve();
  expect(await passing(bench.clock, job.result())).toBe('late');
});

test('work that another process put in the store is found within a poll, and an idle runner asks no more than that', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  let claims = 0;
  const counted = new Proxy(store, {
    get: (target, name) => {
      if (name === 'claim') claims += 1;
      return name === Symbol.asyncDispose ? () => Promise.resolve() : (Reflect.get(target, name) as unknown);
    },
  });
  const operation = scriptedOperation({ name: 'far' });
  await using submitter = await openBench({ operations: [operation], store: counted, clock, worker: false });
  await using _worker = await openBench({ operations: [operation], store: counted, clock });
  await clock.advance(10_000);
  expect(claims).toBeLessThanOrEqual(12);
  const job = await submitter.jobs.submit('far', {});
  await clock.advance(1_000);
  await operation.started(1);
  await passing(clock, job.result());
});

test('every line about a job carries its id, generation, attempt, correlation id, operation and input; the last one tells its cost', async () => {
  const chatty = scriptedOperation({ name: 'chatty', script: [[{ do: 'log', message: 'from the work' }]] });
  const logger = collectLogs();
  await using bench = await openBench({ operations: [chatty], logger });
  const job = await bench.jobs.submit('chatty', {}, { correlationId: 'request-7' });
  await job.result();
  await eventually(() => logger.lines.some(({ message }) => message === 'The job is completed'));
  const about = logger.lines.filter(({ fields }) => fields['jobId'] === job.id);
  expect(about.map(({ message }) => message)).toEqual(['The job is in line', 'The attempt starts', 'from the work', 'The job is completed']);
  for (const { fields } of about) expect(fields).toMatchObject({ generation: 1, correlationId: 'request-7', operation: 'chatty' });
  for (const { fields } of about.slice(1)) expect(fields).toMatchObject({ attempt: 1 });
  expect(about.at(-1)?.fields).toMatchObject({ wallMs: 0, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true });
  await untilState(job, 'completed');
});

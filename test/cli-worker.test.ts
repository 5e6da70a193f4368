import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBullmqQueue } from '@media-jobs/bullmq';
import { createMediaJobs, type Job, type MediaJobs } from '@media-jobs/core';
import { createRedisStore } from '@media-jobs/redis-store';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';
import { processesOf, untilEmpty } from './command/leftovers.ts';
import { compileCache } from './command/make-jobs.ts';
import { runCommand, startCommand, type RunningCommand } from './command/run-command.ts';
import { takeTime } from './workers/operations.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-cli-worker-'));
const workFolder = join(folder, 'work');
const module = fileURLToPath(new URL('./workers/operations.ts', import.meta.url));
const started: RunningCommand[] = [];
let server: TestRedis;
let jobs: MediaJobs<readonly [typeof takeTime]>;

beforeAll(async () => {
  server = await startRedis();
  jobs = await createMediaJobs({ operations: [takeTime], store: createRedisStore({ url: server.url }), queue: createBullmqQueue({ connection: server.url }), workFolder, worker: false, pollIntervalMs: 100, diskReserveBytes: 0 });
});

afterAll(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  await jobs.close({ deadlineMs: 0 });
  await server[Symbol.asyncDispose]();
  expect(await untilEmpty(() => started.flatMap(({ child }) => processesOf(child.pid ?? 0)))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a worker and waits until it is ready. */
async function startWorker(...words: readonly string[]): Promise<{ readonly command: RunningCommand; readonly url: string }> {
  const command = startCommand(['worker', '--redis', server.url, '--work-folder', workFolder, '--module', module, '--port', '0', ...words], { environment: compileCache });
  started.push(command);
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    command.child.stderr?.on('data', (chunk: string) => {
      text += chunk;
      const found = /served url=(\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    void command.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { command, url };
}

async function submitMany(count: number, ms: number, first: number): Promise<Job<{ readonly number: number; readonly pid: number }>[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => jobs.submit('take-time', { number: first + index, ms })));
}

test('a worker does what others submit, tells how it does, and ends in order at SIGTERM', async () => {
  const { command, url } = await startWorker('--operations', 'take-time', '--concurrency', '1');
  const [job] = await submitMany(1, 10, 0);
  expect(await job?.result()).toEqual({ number: 0, pid: command.child.pid });
  expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'ok' });
  const ready = await fetch(`${url}/health/ready`);
  expect(await ready.json()).toMatchObject({ status: 'ok', checks: expect.arrayContaining([expect.objectContaining({ name: 'queue', ok: true }), expect.objectContaining({ name: 'workers', ok: true })]) as unknown });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('media_jobs_attempts_total{operation="take-time",ended="completed",code=""} 1');
  expect(metrics).toContain('media_jobs_worker_running 0');
  expect((await fetch(`${url}/else`)).status).toBe(404);
  command.child.kill('SIGTERM');
  expect(await command.ended).toMatchObject({ exitCode: 0, stdout: '' });
});

test('workers are replaced one by one under load: no job fails, no attempt is charged for it', async () => {
  let [oldest, other] = [await startWorker('--drain', '0'), await startWorker('--drain', '0')];
  const all = await submitMany(60, 120, 1_000);
  for (let round = 0; round < 3; round += 1) {
    oldest.command.child.kill('SIGTERM');
    const [next, { exitCode }] = [await startWorker('--drain', '0'), await oldest.command.ended];
    expect(exitCode).toBe(0);
    [oldest, other] = [other, next];
  }
  const results = await Promise.all(all.map((job) => job.result()));
  expect(results.map(({ number }) => number)).toEqual(all.map((_, index) => 1_000 + index));
  const records = await Promise.all(all.map((job) => job.record()));
  expect(new Set(records.map(({ attempts, losses }) => `${attempts} ${losses}`))).toEqual(new Set(['1 0']));
  expect(records.some(({ history }) => history.some(({ ended }) => ended === 'released')), 'Some were given back by a worker that was replaced').toBe(true);
  for (const { command } of [oldest, other]) {
    command.child.kill('SIGTERM');
    await command.ended;
  }
});

test('a plan is made from what was measured', async () => {
  const plan = await runCommand(['scale', '--plan', '--per-hour', '100000', '--places', '4', '--redis', server.url, '--json'], { environment: compileCache });
  const { operations } = JSON.parse(plan.stdout) as { operations: readonly { operation: string; measured: number; placesNeeded: number }[] };
  expect(operations).toMatchObject([{ operation: 'take-time', measured: 61 }]);
  expect(operations[0]?.placesNeeded).toBeGreaterThan(3);
  const text = await runCommand(['scale', '--plan', '--redis', server.url], { environment: compileCache });
  expect(text.stdout).toMatch(/OPERATION.*PLACES NEEDED/);
});

test('a worker that is asked for nothing, for something unknown, or for a port that is taken says so', async () => {
  const fail = (...words: readonly string[]): ReturnType<typeof runCommand> => runCommand(['worker', '--redis', server.url, '--work-folder', workFolder, ...words], { environment: compileCache });
  expect(await fail()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Expected `--operations`') as string });
  expect(await fail('--operations', 'sing')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"sing"') as string });
  expect(await fail('--module', module, '--port', String(server.port))).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--port') as string });
});

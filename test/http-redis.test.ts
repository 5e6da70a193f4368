import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, defineOperation, type AnyMediaJobs } from '@media-jobs/core';
import { createMetrics, mediaJobs, serverOptions } from '@media-jobs/http';
import { createRedisStore } from '@media-jobs/redis-store';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startRedis, type TestRedis } from '../packages/redis-store/src/testing/redis-server.ts';

/** A service over HTTP whose store is a Redis that can be taken away, and whose work is done by another. */
const limits = { softTimeoutMs: 10_000, hardTimeoutMs: 20_000 };
const say = defineOperation({ name: 'say', version: 1, input: z.strictObject({ text: z.string() }), output: z.string(), limits, run: async ({ text }) => Promise.resolve(text) });
const within = { timeout: 5_000, interval: 100 };
/** A check may take 2 s, and Redis is asked for a sign of life as often as that. */
const bound = 2_500;

let redis: TestRedis;
let workFolder = '';
let jobs: AnyMediaJobs;
let app: FastifyInstance;
let url = '';
const metrics = createMetrics({ nodeMetrics: false });
const folders: string[] = [];

const open = (worker: boolean): Promise<AnyMediaJobs> => createMediaJobs({ operations: [say], store: createRedisStore({ url: redis.url, pingIntervalMs: 500 }), workFolder, worker, pollIntervalMs: 100, diskReserveBytes: 0, onAttemptEnd: metrics.attemptEnded });
const look = async (path: string): Promise<{ readonly status: number; readonly wallMs: number; readonly failing: readonly string[] }> => {
  const began = performance.now();
  const response = await fetch(`${url}${path}`);
  const { checks } = (await response.json()) as { checks: { name: string; ok: boolean }[] };
  return { status: response.status, wallMs: performance.now() - began, failing: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
};
const submit = async (text: string): Promise<Response> => fetch(`${url}/jobs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) });

beforeEach(async () => {
  redis = await startRedis();
  workFolder = await mkdtemp(join(tmpdir(), 'media-jobs-http-redis-'));
  folders.push(workFolder);
  jobs = await open(false);
  app = Fastify({ ...serverOptions });
  await app.register(mediaJobs, { jobs, metrics, docs: false, rateLimit: false });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  await app.close();
  await jobs.close();
  await redis[Symbol.asyncDispose]();
  await rm(workFolder, { recursive: true, force: true });
});
afterAll(() => {
  metrics[Symbol.dispose]();
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});

test('health turns within five seconds when Redis goes or hangs, and back when it returns, and never takes longer than its bound', async () => {
  await using _worker = await open(true);
  expect(await look('/health')).toMatchObject({ status: 200, failing: [] });
  process.kill(redis.pid(), 'SIGSTOP');
  await expect.poll(async () => (await look('/health')).failing, within).toContain('store');
  for (const path of ['/health', '/ready', '/live']) expect((await look(path)).wallMs).toBeLessThan(bound);
  expect([(await look('/ready')).status, (await look('/live')).status]).toEqual([503, 200]);
  process.kill(redis.pid(), 'SIGCONT');
  await expect.poll(async () => (await look('/health')).status, within).toBe(200);
  await redis.stop();
  await expect.poll(async () => (await look('/ready')).status, within).toBe(503);
  const refused = await submit('a');
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0, await refused.json()]).toMatchObject([503, true, { code: 'STORE_UNAVAILABLE', retryable: true, detail: 'The job store does not answer.' }]);
  await redis.start();
  for (const path of ['/ready', '/health']) await expect.poll(async () => (await look(path)).status, within).toBe(200);
  expect((await submit('b')).status).toBe(202);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^media_jobs_store_reconnects_total [1-9]/m);
}, 60_000);

test('health turns when the last worker goes, in whatever process it was, and back when one comes; jobs wait meanwhile', async () => {
  expect(await look('/health')).toMatchObject({ status: 503, failing: ['workers'] });
  expect((await look('/ready')).status).toBe(200);
  const { id } = (await (await submit('a')).json()) as { id: string };
  const worker = await open(true);
  await expect.poll(async () => (await look('/health')).status, within).toBe(200);
  expect(await (await fetch(`${url}/jobs/${id}/wait`)).json()).toMatchObject({ status: 'completed', output: 'a' });
  await worker.close();
  await expect.poll(async () => (await look('/health')).failing, within).toEqual(['workers']);
});

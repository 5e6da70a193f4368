import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServiceClient, remoteOperation } from '@media-jobs/client';
import { createMediaJobs, createMemoryStore, type JobEvent } from '@media-jobs/core';
import { z } from 'zod';
import { afterAll, expect, test } from 'vitest';
import { endServicesAfterAll, events, jobId, json, problem, startService, view, type Answer } from './testing/scripted-service.ts';

endServicesAfterAll();
const root = await mkdtemp(join(tmpdir(), 'media-jobs-client-'));
afterAll(() => rm(root, { recursive: true }));
let folders = 0;

const bytes = Buffer.from('five!');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const completed = view('completed', { output: { letters: 5 }, files: [{ name: 'count.txt', bytes: bytes.length, sha256, mediaType: 'text/plain' }] });
const [submitPath, eventsPath, cancelPath, filePath] = ['POST /jobs', `GET /jobs/${jobId}/events`, `POST /jobs/${jobId}/cancel`, `GET /jobs/${jobId}/files/count.txt`];
const accept = json(view('queued'), 202);
const give: Answer = (_request, response) => void response.writeHead(200, { 'content-length': String(bytes.length) }).end(bytes);

async function open(paths: Readonly<Record<string, readonly Answer[]>>) {
  const service = await startService({ [submitPath]: [accept], [`GET /jobs/${jobId}`]: [json(completed)], ...paths });
  const client = createServiceClient({ name: 'counter', url: service.url, token: 'secret-token', retryBaseMs: 1, tries: 2, patienceMs: 50 });
  const operation = remoteOperation({ name: 'count', version: 1, input: z.object({ text: z.string() }), output: z.object({ letters: z.number() }), service: client });
  const jobs = await createMediaJobs({ operations: [operation], store: createMemoryStore(), workFolder: join(root, `work-${(folders += 1)}`), diskReserveBytes: 0, random: () => 0 });
  return { service, jobs, client, [Symbol.asyncDispose]: () => jobs.close({ deadlineMs: 0 }) };
}

test('a job here is a job there: its progress is told, its files are taken over, and the correlation id goes along', async () => {
  const told = [['progress', { generation: 1, status: 'running', progress: 0.5, phase: 'count' }], ['parts', { parts: ['a'] }], ['end', completed]] as const;
  await using bench = await open({ [eventsPath]: [events(told)], [filePath]: [give] });
  const job = await bench.jobs.submit('count', { text: 'hello' }, { correlationId: 'c-7' });
  const seen: JobEvent[] = [];
  for await (const event of job.events()) seen.push(event);
  expect(await job.result()).toEqual({ letters: 5 });
  const { 'count.txt': file } = await job.files();
  expect([readFileSync(file?.path ?? '').equals(bytes), file?.mediaType]).toEqual([true, 'text/plain']);
  expect(seen.flatMap(({ parts = [] }) => parts)).toEqual(['a']);
  expect(bench.service.headers.every((each) => each['x-correlation-id'] === 'c-7' && each.authorization === 'Bearer secret-token')).toBe(true);
});

test('a file that is not what the service had recorded is not taken', async () => {
  await using bench = await open({ [eventsPath]: [events([['end', completed]])], [filePath]: [(_request, response) => void response.end('other')] });
  await expect((await bench.jobs.submit('count', { text: 'hello' })).result()).rejects.toMatchObject({ code: 'DOWNLOAD_MISMATCH' });
});

test.each([
  ['NO_AUDIO', false, 'NO_AUDIO'],
  ['PROGRAM_CRASHED', true, 'STEP_FAILED'],
])('a job that failed there with %s has had its attempts: it fails here at once', async (code, retryable, here) => {
  await using bench = await open({ [eventsPath]: [events([['end', view('failed', { error: { code, detail: 'Told so.', retryable } })]])] });
  const job = await bench.jobs.submit('count', { text: 'hello' });
  await expect(job.result()).rejects.toMatchObject({ code: here, facts: { remoteCode: code } });
  expect([(await job.record()).attempts, bench.service.asked.filter((line) => line.startsWith(submitPath)).length]).toEqual([1, 1]);
});

test('a service that is down costs an attempt, and the next one ends well', async () => {
  await using bench = await open({ [submitPath]: [json({}, 502), json({}, 502), accept], [eventsPath]: [events([['end', completed]])], [filePath]: [give] });
  const job = await bench.jobs.submit('count', { text: 'hello' });
  expect(await job.result()).toEqual({ letters: 5 });
  expect((await job.record()).attempts).toBe(2);
});

test('a job that its service has lost is submitted there again', async () => {
  await using bench = await open({ [eventsPath]: [problem(410, 'JOB_EXPIRED'), events([['error', { code: 'EPOCH_PASSED', detail: 'A reset.' }]]), events([['end', completed]])], [filePath]: [give] });
  const job = await bench.jobs.submit('count', { text: 'hello' });
  expect(await job.result()).toEqual({ letters: 5 });
  expect([(await job.record()).attempts, bench.service.asked.filter((line) => line.startsWith(submitPath)).length]).toEqual([1, 3]);
});

test('a cancel here is a cancel there; a shutdown here leaves the job there alone', async () => {
  const begun = [['progress', { generation: 1, status: 'running', progress: 0.1, phase: 'count' }]] as const;
  const bench = await open({ [eventsPath]: [events(begun, 'stay')], [cancelPath]: [json(view('running'), 202)] });
  const cancels = (): number => bench.service.asked.filter((line) => line.startsWith(cancelPath)).length;
  const job = await bench.jobs.submit('count', { text: 'hello' });
  for await (const { progress } of job.events()) if (progress > 0) break;
  await job.cancel();
  expect([(await job.wait()).state, cancels()]).toEqual(['cancelled', 1]);
  const second = await bench.jobs.submit('count', { text: 'again' });
  for await (const { progress } of second.events()) if (progress > 0) break;
  await bench[Symbol.asyncDispose]();
  expect(cancels()).toBe(1);
});

test('it needs its service to be healthy, and the service can be reset with the others', async () => {
  await using bench = await open({ 'GET /health': [json({ status: 'ok' })], 'POST /admin/factory-reset': [json({ ok: true })] });
  const { signal } = new AbortController();
  expect(await remoteOperation({ name: 'a', version: 1, input: z.object({}), output: z.null(), service: bench.client }).healthChecks?.[0]?.check(signal)).toEqual({ ok: true, detail: 'healthy' });
  expect(await bench.client.remote.reset({ level: 'deep', models: true, queue: true })).toMatchObject({ status: 'success' });
  expect(bench.service.headers.at(-1)?.authorization).toBe('Bearer secret-token');
});

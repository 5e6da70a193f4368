import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServiceClient, remoteOperation, type RemoteEvent, type ServiceClientOptions } from '@media-jobs/client';
import { createBreaker, createMediaJobs, createMemoryStore, definePipeline, type Operation } from '@media-jobs/core';
import { mediaJobs } from '@media-jobs/http';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import Fastify from 'fastify';
import { z } from 'zod';
import { afterAll, expect, test } from 'vitest';
import { hang, letterPipeline, letterSteps } from '../packages/core/src/pipeline/testing/letter-steps.ts';
import { leftFolders, openService, type OpenService } from '../packages/http/src/testing/open-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'media-jobs-client-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
  expect(leftFolders()).toEqual([]);
});

const token = 'a-token-of-the-client';
const adminToken = 'a-token-of-the-administration';
const http = { clients: [{ name: 'orchestrator', token }], adminToken };

const clientOf = ({ url }: Pick<OpenService, 'url'>, options: Partial<ServiceClientOptions> = {}) => createServiceClient({ name: 'letters', url, token, adminToken, retryBaseMs: 10, pollIntervalMs: 20, ...options });

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('a file is sent, its job followed to the end, its result typed, its file fetched, and the same again is cached', async () => {
  const { upper } = letterSteps({ upper: () => new Promise((resolve) => void setTimeout(resolve, 100)) });
  await using service = await openService({ operations: [upper], http });
  const client = clientOf(service, { correlationId: 'from-afar' });
  const job = await client.submit(upper, { file: write('hello.txt', 'hello'), mark: '!' });
  const events: RemoteEvent[] = [];
  for await (const event of job.events()) events.push(event);
  expect((await job.result()).head).toBe('H');
  expect(events.at(-1)?.kind).toBe('end');
  expect(events.some((event) => event.kind === 'progress' && event.progress === 0.5)).toBe(true);
  expect(events.flatMap((event) => (event.kind === 'parts' ? event.parts : []))).toEqual(['H']);
  await job.fetchFile('upper.txt', join(folder, 'fetched', 'upper.txt'));
  expect(readFileSync(join(folder, 'fetched', 'upper.txt'), 'utf8')).toBe('HELLO!');
  const again = await client.submit(upper, { file: write('other name.txt', 'hello'), mark: '!' });
  expect([again.id, again.cached]).toEqual([job.id, true]);
  const record = await (await service.jobs.get(job.id))?.record();
  expect(record).toMatchObject({ correlationId: 'from-afar', namespace: 'orchestrator', inputs: [{ originalName: 'hello.txt' }] });
});

test('refusals come with their own codes: a wrong field, an unknown operation, a file too large, no token, no job', async () => {
  const { fetch, upper } = letterSteps();
  await using service = await openService({ operations: [fetch, upper], http, jobs: { maxInputBytes: 1_000 } });
  const client = clientOf(service);
  await expect(client.submit(fetch, { text: 'a', txet: 'b' } as { text: string })).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('txet') });
  await expect(client.submit({ ...fetch, name: 'nothing' }, { text: 'a' })).rejects.toMatchObject({ code: 'UNKNOWN_OPERATION' });
  await expect(client.submit(upper, { file: write('large.txt', randomBytes(1_000_000)) })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  await expect(client.submit(upper, { file: join(folder, 'missing') })).rejects.toMatchObject({ code: 'INPUT_MISSING' });
  await expect(clientOf(service, { token: 'another-token-of-nobody' }).submit(fetch, { text: 'a' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(client.job(`mj_${'a'.repeat(26)}`).wait()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  expect([client.breaker.state, client.breaker.failures]).toEqual(['closed', 0]);
});

test('a cancel ends the job there', async () => {
  const { fetch } = letterSteps({ fetch: hang });
  await using service = await openService({ operations: [fetch], http });
  const job = await clientOf(service).submit(fetch, { text: 'a' });
  for await (const event of job.events()) if (event.kind === 'progress' && event.status === 'running') break;
  expect(await job.cancel()).toBe(true);
  expect((await job.wait()).status).toBe('cancelled');
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await job.cancel()).toBe(false);
});

test('a service that is restarted under its address is followed on, and the job ends', async () => {
  const { fetch, calls } = letterSteps({ fetch: (attempt, call) => (call === 1 ? hang(attempt) : undefined) });
  const [workFolder, file] = [join(folder, 'restarted'), join(folder, 'restarted.db')];
  const first = await openService({ operations: [fetch], http, jobs: { store: createSqliteStore({ file }), workFolder } });
  const job = await clientOf(first, { breaker: createBreaker({ name: 'letters', openMs: 200 }) }).submit(fetch, { text: 'hello' });
  const result = job.result({ timeoutMs: 20_000 });
  while (calls['fetch'] === 0) await new Promise((resolve) => void setTimeout(resolve, 10));
  await first[Symbol.asyncDispose]();
  await using jobs = await createMediaJobs({ operations: [fetch], store: createSqliteStore({ file }), workFolder, diskReserveBytes: 0 });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(mediaJobs, { jobs, ...http });
  await app.listen({ port: first.port, host: '127.0.0.1' });
  expect(await result).toEqual({ length: 5 });
  expect(calls['fetch']).toBe(2);
  await app.close();
});

test('an orchestrator runs a pipeline over two services, takes their files over, and a factory reset empties all three', async () => {
  const { fetch, upper, count, calls } = letterSteps();
  await using one = await openService({ operations: [fetch], http });
  await using two = await openService({ operations: [upper, count], http });
  const [first, second] = [clientOf(one), clientOf(two, { name: 'counters' })];
  const remote = <Name extends string, Input extends z.ZodType, Output extends z.ZodType>({ name, version, input, output }: Operation<Name, Input, Output>, service: typeof first) => remoteOperation({ name, version, input, output, service });
  const operations = [remote(fetch, first), remote(upper, second), remote(count, second)] as const;
  const pipeline = definePipeline({ name: 'letters', version: 1, input: z.strictObject({ text: z.string() }) })
    .step('fetch', operations[0], ({ input }) => ({ text: input.text }))
    .step('upper', operations[1], ({ fetch: fetched }) => ({ file: fetched.file() }))
    .step('count', operations[2], ({ upper: raised, fetch: fetched }) => ({ file: raised.file(), wanted: fetched.output.length }))
    .build();
  await using jobs = await createMediaJobs({ operations: [...operations, pipeline], store: createMemoryStore(), workFolder: join(folder, 'orchestrator'), diskReserveBytes: 0, resetTargets: [first.remote, second.remote] });
  const job = await jobs.submit('letters', { text: 'hello' }, { correlationId: 'through-all' });
  expect((await job.result()).count.output).toEqual({ letters: 5, asWanted: true });
  expect(calls).toEqual({ fetch: 1, upper: 1, count: 1 });
  const [there] = (await two.jobs.list({ operation: 'count' })).jobs;
  expect(there).toMatchObject({ correlationId: 'through-all', namespace: 'orchestrator' });
  const report = await jobs.reset({ level: 'deep', models: true, queue: true });
  expect(report).toMatchObject({ ok: true, jobsRemoved: 4, perTarget: { letters: { notes: { result: { status: 'success' } } }, counters: { notes: { result: { status: 'success' } } } } });
  expect([(await one.jobs.list()).jobs, (await two.jobs.list()).jobs, (await jobs.list()).jobs]).toEqual([[], [], []]);
});

test('a pipeline is served like any other operation: described, submitted, followed, cancelled with its step', async () => {
  const steps = letterSteps({ count: (attempt, call) => (call === 1 ? hang(attempt) : undefined) });
  const letters = letterPipeline('letters', steps);
  await using service = await openService({ operations: [steps.fetch, steps.upper, steps.count, letters], http });
  const described = await service.get('/openapi.json');
  expect([described.status, JSON.stringify(await described.json()).includes('"letters"')]).toEqual([200, true]);
  const client = clientOf(service);
  const job = await client.submit(letters, { text: 'hello' });
  for await (const event of job.events()) if (event.kind === 'progress' && event.phase === 'count: half') break;
  await job.cancel();
  expect((await job.wait()).status).toBe('cancelled');
  expect((await service.jobs.list({ operation: 'count' })).jobs).toMatchObject([{ state: 'cancelled' }]);
  const { count } = await (await client.submit(letters, { text: 'hello' })).result();
  expect([count.output.letters, steps.calls]).toEqual([5, { fetch: 1, upper: 1, count: 2 }]);
});

test('a service that is away is told by its health, and does not open the circuit by that', async () => {
  const { fetch } = letterSteps();
  const service = await openService({ operations: [fetch], http });
  const client = clientOf(service);
  const { signal } = new AbortController();
  expect(await client.healthCheck.check(signal)).toMatchObject({ ok: true });
  await service[Symbol.asyncDispose]();
  for (let time = 0; time < 10; time += 1) expect(await client.healthCheck.check(signal)).toMatchObject({ ok: false });
  expect(client.breaker.state).toBe('closed');
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createServiceClient, type RemoteEvent, type ServiceClient, type ServiceClientOptions } from '@media-jobs/client';
import { createBreaker, inputFile } from '@media-jobs/core';
import { z } from 'zod';
import { expect, test } from 'vitest';
import { endServicesAfterAll, events, jobId, json, problem, startService, view, type Answer, type ScriptedService } from './testing/scripted-service.ts';

endServicesAfterAll();
const count = { name: 'count', input: z.object({ text: z.string() }), output: z.object({ letters: z.number() }) };
const completed = view('completed', { output: { letters: 5 } });
const [submitPath, eventsPath, jobPath] = ['POST /jobs', `GET /jobs/${jobId}/events`, `GET /jobs/${jobId}`];

function clientOf({ url }: Pick<ScriptedService, 'url'>, options: Partial<ServiceClientOptions> = {}): ServiceClient {
  return createServiceClient({ name: 'counter', url, retryBaseMs: 1, pollIntervalMs: 5, random: () => 0.5, ...options });
}

const submitTo = (service: ScriptedService, options?: Partial<ServiceClientOptions>) => clientOf(service, options).submit(count, { text: 'hello' });
const progress = (at: number, phase = 'work', id?: string): readonly [string, unknown, string | undefined] => ['progress', { generation: 1, status: 'running', progress: at, phase }, id];

async function collect(iterable: AsyncIterable<RemoteEvent>): Promise<RemoteEvent[]> {
  const seen: RemoteEvent[] = [];
  for await (const event of iterable) seen.push(event);
  return seen;
}

test('a job is submitted with token and correlation id, followed by events, and its result has the type of the operation', async () => {
  const service = await startService({ [submitPath]: [json(view('queued', { cached: false }), 202)], [eventsPath]: [events([progress(0.2), ['parts', { parts: ['a', 'b'] }], progress(0.7), ['end', completed]])] });
  const job = await clientOf(service, { token: 'secret-token', correlationId: 'c-1' }).submit(count, { text: 'hello' }, { fresh: true, priority: 3 });
  const seen = await collect(job.events());
  expect(seen.map((event) => (event.kind === 'progress' ? event.progress : event.kind))).toEqual([0.2, 'parts', 0.7, 'end']);
  expect((await job.result()).letters).toBe(5);
  expect(service.asked[0]).toBe('POST /jobs?operation=count&fresh=true&priority=3');
  expect(service.headers.every((each) => each.authorization === 'Bearer secret-token' && each['x-correlation-id'] === 'c-1')).toBe(true);
});

test('a stream that is cut is gone on with after the last event that was seen, and nothing is told twice or backwards', async () => {
  const service = await startService({ [submitPath]: [json(view('queued'), 202)], [eventsPath]: [events([progress(0.2, 'a', '1'), progress(0.6, 'b', '2')], 'cut'), events([progress(0.6, 'b'), progress(0.5, 'c'), progress(0.8, 'd', '3')], 'cut'), events([['end', completed]])] });
  const seen = await collect((await submitTo(service)).events());
  expect(seen.map((event) => (event.kind === 'progress' ? event.progress : event.kind))).toEqual([0.2, 0.6, 0.8, 'end']);
  expect(service.asked.slice(1)).toEqual(['', ' 2', ' 3'].map((id) => `${eventsPath}${id}`));
});

test.each<readonly [string, Answer]>([
  ['has no events', json({}, 405)],
  ['answers with something else', json({ hello: 1 })],
])('a service that %s is asked again and again', async (_what, answer) => {
  const service = await startService({ [submitPath]: [json(view('queued'), 202)], [eventsPath]: [answer], [jobPath]: [json(view('running')), json(view('running')), json(view('running', { progress: 0.8 })), json(completed)] });
  const seen = await collect((await submitTo(service)).events());
  expect(seen.map((event) => (event.kind === 'progress' ? event.progress : event.kind))).toEqual([0.5, 0.8, 'end']);
  expect(service.asked.filter((line) => line === eventsPath)).toHaveLength(1);
});

test.each([['the events', events([], 'stay')], ['even the head of the answer', () => undefined]])('something in between that holds %s back is noticed by the silence, and the job is asked for instead', async (_what, silence) => {
  const service = await startService({ [submitPath]: [json(view('queued'), 202)], [eventsPath]: [silence], [jobPath]: [json(view('running')), json(completed)] });
  const job = await submitTo(service, { quietMs: 50 });
  expect(await job.result()).toEqual({ letters: 5 });
  expect(service.asked.filter((line) => line === eventsPath)).toHaveLength(2);
});

test('a service that is away for a while is waited for, and one that stays away is not', async () => {
  const down: Answer = (request) => void request.socket.destroy();
  const service = await startService({ [submitPath]: [json(view('queued'), 202)], [eventsPath]: [down, problem(503, 'STORE_UNAVAILABLE'), down, events([['end', completed]])] });
  expect(await (await submitTo(service)).result()).toEqual({ letters: 5 });
  const gone = await startService({ [submitPath]: [json(view('queued'), 202)], [eventsPath]: [down] });
  const job = await submitTo(gone, { patienceMs: 60, breaker: createBreaker({ name: 'counter', maxFailures: 1_000 }) });
  await expect(job.result()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

test.each([[404, 'JOB_NOT_FOUND'], [410, 'JOB_EXPIRED']])('a job that is not there (%i) ends the wait at once', async (status, code) => {
  const service = await startService({ [eventsPath]: [problem(status, code)], [jobPath]: [problem(status, code)] });
  const job = clientOf(service).job(jobId);
  await expect(job.wait()).rejects.toMatchObject({ code, facts: { service: 'counter', status, correlationId: 'there' } });
  expect(service.asked).toHaveLength(1);
});

test('what may pass is asked again with back-off, what a service asks for is waited for, and what is wrong is told at once', async () => {
  const ok = json(view('completed', { cached: true, output: { letters: 5 } }));
  const moody = await startService({ [submitPath]: [json({}, 502), problem(429, 'QUEUE_FULL', { retryAfterMs: 30 }), problem(503, 'OVERLOADED', {}, { 'retry-after': '0' }), ok] });
  const began = performance.now();
  expect((await submitTo(moody)).cached).toBe(true);
  expect([moody.asked.length, performance.now() - began >= 30]).toEqual([4, true]);
  const strict = await startService({ [submitPath]: [problem(422, 'INVALID_INPUT', { advice: 'Correct it.' })] });
  await expect(submitTo(strict)).rejects.toMatchObject({ code: 'INVALID_INPUT', advice: 'Correct it.', message: expect.stringContaining('Told INVALID_INPUT.') });
  const patient = await startService({ [submitPath]: [problem(503, 'RESETTING', { retryAfterMs: 600_000 })] });
  await expect(submitTo(patient)).rejects.toMatchObject({ code: 'RESETTING', retryAfterMs: 600_000 });
  expect([strict.asked.length, patient.asked.length]).toEqual([1, 1]);
});

test.each([
  [401, '', 'UNAUTHORIZED'], [403, 'no', 'UNAUTHORIZED'], [404, '<html>', 'SERVICE_REFUSED'], [302, '', 'SERVICE_REFUSED'], [500, 'oops', 'SERVICE_UNAVAILABLE'], [429, '', 'RATE_LIMITED'], [418, '{"code":"OF_A_LATER_RELEASE","detail":"tea"}', 'SERVICE_REFUSED'],
])('an answer of %i %s that is none of ours is %s', async (status, text, code) => {
  const service = await startService({ [submitPath]: [(_request, response) => void response.writeHead(status, { location: 'http://elsewhere.test/' }).end(text)] });
  await expect(submitTo(service, { tries: 1 })).rejects.toMatchObject({ code, facts: { status } });
});

test.each<readonly [string, Answer]>([
  ['no JSON', (_request, response) => void response.end('<html>It works!</html>')],
  ['no job', json({ job_id: 1 })],
  ['a job with a name that leads elsewhere', json(view('completed', { files: [{ name: '../../etc/passwd', bytes: 1, sha256: 'a'.repeat(64) }] }))],
  ['an id that leads elsewhere', json({ ...view('completed'), id: '../admin/factory-reset' })],
])('%s is refused', async (_what, answer) => {
  const service = await startService({ [submitPath]: [answer] });
  await expect(submitTo(service)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
  expect(service.asked).toHaveLength(1);
});

test('a request has a deadline, and a body that never ends does not outlast it', async () => {
  const silent = await startService({ [submitPath]: [() => undefined, (_request, response) => void response.writeHead(200).write('{')] });
  await expect(submitTo(silent, { timeoutMs: 60, tries: 2 })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', facts: { limitMs: 60 } });
  expect(silent.asked).toHaveLength(2);
});

test('a service that fails is left alone, for submits and followers alike; its health is looked at all the same', async () => {
  const service = await startService({ [submitPath]: [json({}, 500)], 'GET /health': [json({ status: 'unhealthy' }, 503), json({ status: 'ok' })] });
  const client = clientOf(service, { tries: 3 });
  await expect(client.submit(count, { text: 'a' })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  await expect(client.submit(count, { text: 'a' })).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: expect.any(Number) });
  await expect(client.job(jobId).view()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  expect(service.asked).toHaveLength(5);
  const { signal } = new AbortController();
  expect(await client.healthCheck.check(signal)).toMatchObject({ ok: false });
  expect(await client.healthCheck.check(signal)).toMatchObject({ ok: true, detail: expect.stringContaining('open') });
  expect([client.breaker.state, client.breaker.failures]).toEqual(['open', 5]);
});

test('mistakes and health checks, however many, do not open the circuit', async () => {
  const service = await startService({ [submitPath]: [problem(422, 'INVALID_INPUT')], 'GET /health': [json({}, 503)] });
  const client = clientOf(service);
  const { signal } = new AbortController();
  for (let time = 0; time < 10; time += 1) {
    await client.submit(count, { text: 'a' }).catch(() => undefined);
    await client.healthCheck.check(signal);
  }
  expect([client.breaker.state, service.asked.length]).toEqual(['closed', 20]);
});

test('a connection that is closed while a file is sent is tried again, and does not count: the answer of a service that refuses it may be lost', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'media-jobs-client-')), 'file');
  await writeFile(file, Buffer.alloc(5_000_000));
  const hangUp: Answer = (request) => void request.socket.destroy();
  const service = await startService({ [submitPath]: [hangUp, problem(413, 'INPUT_TOO_LARGE')] });
  const client = clientOf(service);
  await expect(client.submit({ ...count, input: z.object({ file: inputFile() }) }, { file })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  expect([service.asked.length, client.breaker.failures]).toEqual([2, 0]);
  await rm(dirname(file), { recursive: true });
});

test('an abort and a limit end the wait at once, and not the job', async () => {
  const service = await startService({ [submitPath]: [json(view('queued'), 202)], [eventsPath]: [events([progress(0.1)], 'stay')] });
  const job = await submitTo(service);
  await expect(job.wait({ timeoutMs: 40 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  const control = new AbortController();
  const waiting = job.wait({ signal: control.signal });
  control.abort(new Error('enough'));
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  expect(service.asked.some((line) => line.includes('cancel'))).toBe(false);
});

test('a job that failed or was cancelled rejects with its own error', async () => {
  const error = { code: 'NO_AUDIO', title: '', detail: 'Expected an audio stream, got none.', advice: 'Give another file.', retryable: false };
  const service = await startService({ [eventsPath]: [events([['end', view('failed', { error })]]), events([['end', view('cancelled')]])] });
  const job = clientOf(service).job(jobId);
  await expect(job.result()).rejects.toMatchObject({ code: 'NO_AUDIO', advice: 'Give another file.', facts: { service: 'counter', jobId } });
  await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('a result of another shape than the operation has here is refused', async () => {
  const service = await startService({ [submitPath]: [json(view('completed', { cached: true }))], [eventsPath]: [events([['end', view('completed', { output: { words: 5 } })]])] });
  await expect((await submitTo(service)).result()).rejects.toMatchObject({ code: 'SERVICE_REFUSED', message: expect.stringContaining('`count`') });
});

test('options that make no sense are refused', () => {
  for (const wrong of [{ url: 'ftp://a' }, { url: 'nothing' }, { timeoutMs: 0 }, { tries: Number.NaN }]) expect(() => clientOf({ url: 'http://a' }, wrong)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  expect(() => clientOf({ url: 'http://a' }).job('../admin')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

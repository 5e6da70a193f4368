import Fastify from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { mediaJobs } from './media-jobs-plugin.ts';
import { say } from './testing/sample-operations.ts';
import { leftFolders, openService } from './testing/open-service.ts';

afterAll(() => expect(leftFolders()).toEqual([]));

test('a client that asks too often is told when to come again, and health is still answered', async () => {
  await using service = await openService({ operations: [say], http: { rateLimit: { max: 3, windowMs: 60_000 } } });
  const statuses: number[] = [];
  for (let index = 0; index < 4; index += 1) statuses.push((await service.get('/jobs')).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const refused = await service.post('/jobs', { text: 'a' });
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'RATE_LIMITED', retryable: true }]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await service.jobs.list()).jobs).toEqual([]);
  for (const path of ['/health', '/live', '/ready', '/openapi.json']) expect((await service.get(path)).status).toBe(200);
});

test('each client has its own count, and so have those without a valid token', async () => {
  const clients = [{ name: 'ada', token: 'a'.repeat(20) }, { name: 'bob', token: 'b'.repeat(20) }];
  await using service = await openService({ operations: [say], http: { clients, rateLimit: { max: 2, windowMs: 60_000 } } });
  const ask = async (token: string): Promise<number> => (await service.get('/jobs', { headers: { authorization: `Bearer ${token}` } })).status;
  const [ada = '', bob = ''] = clients.map(({ token }) => token);
  expect([await ask(ada), await ask(ada), await ask(ada), await ask(bob)]).toEqual([200, 200, 429, 200]);
  expect([await ask('guess-1'), await ask('guess-2'), await ask('guess-3')]).toEqual([401, 401, 429]);
});

test('under pressure, requests are turned away with a time to wait, except of those who watch', async () => {
  await using service = await openService({ operations: [say], http: { loadLimits: { maxRssBytes: 1 } } });
  await expect.poll(async () => (await service.get('/jobs')).status, { timeout: 5_000 }).toBe(503);
  const refused = await service.get('/jobs');
  expect([refused.headers.get('retry-after'), await refused.json()]).toMatchObject(['5', { code: 'OVERLOADED' }]);
  for (const path of ['/health', '/live', '/ready']) expect((await service.get(path)).status).toBe(200);
});

test('below a prefix, everything lies there, and the rest of the app is its own', async () => {
  await using service = await openService({ operations: [say], prefix: '/api/media' });
  const submitted = await service.post('/jobs', { text: 'a' });
  const job = (await submitted.json()) as { id: string; links: { self: string } };
  expect(submitted.headers.get('location')).toBe(`/api/media/jobs/${job.id}`);
  expect((await fetch(new URL(job.links.self, service.url))).status).toBe(200);
  const outside = await fetch(new URL('/nothing', service.url));
  expect([outside.status, outside.headers.get('x-correlation-id'), (await outside.json()) as object]).toMatchObject([404, null, { message: 'Route GET:/nothing not found' }]);
});

test('two services live in one app, each under its own path', async () => {
  await using one = await openService({ operations: [say] });
  await using two = await openService({ operations: [say] });
  const app = Fastify();
  await app.register(mediaJobs, { jobs: one.jobs, docs: false, prefix: '/one' });
  await app.register(mediaJobs, { jobs: two.jobs, docs: false, prefix: '/two' });
  const submitted = await app.inject({ method: 'POST', url: '/one/jobs', payload: { text: 'a' } });
  expect(submitted.statusCode).toBe(202);
  expect((await app.inject({ url: '/two/jobs' })).json()).toEqual({ jobs: [] });
  await app.close();
});

test('an app that has an answer of its own to unknown paths keeps it', async () => {
  await using service = await openService({ operations: [say] });
  const app = Fastify();
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ mine: true }));
  await app.register(mediaJobs, { jobs: service.jobs, docs: false });
  expect((await app.inject({ url: '/nothing' })).json()).toEqual({ mine: true });
  expect((await app.inject({ url: '/jobs/mj_none' })).json()).toMatchObject({ code: 'JOB_NOT_FOUND' });
  await app.close();
});

import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRemoteService } from '@media-jobs/cleanup';
import { afterAll, describe, expect, test } from 'vitest';
import { resolveHttpOptions } from '../options.ts';
import { copy, fail, heldOperation, say } from '../testing/sample-operations.ts';
import { form, leftFolders, openService, type OpenService } from '../testing/open-service.ts';

const adminToken = 'administration-1';
const as = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const submit = async (service: OpenService, operation: string, text: string): Promise<string> => ((await (await service.post(`/jobs?operation=${operation}`, { text })).json()) as { id: string }).id;

afterAll(() => expect(leftFolders()).toEqual([]));

describe('who may', () => {
  test('with a token, nobody without it, not even from this machine', async () => {
    await using service = await openService({ operations: [say], http: { adminToken } });
    for (const init of [undefined, as('administration-2'), as(''), { headers: { authorization: adminToken } }, { headers: { authorization: `Basic ${adminToken}` } }]) {
      const response = await service.get('/admin/stats', init);
      expect([response.status, response.headers.get('www-authenticate'), await response.json()]).toMatchObject([401, 'Bearer', { code: 'UNAUTHORIZED' }]);
    }
    expect((await service.get('/admin/stats', as(adminToken))).status).toBe(200);
  });

  test('without a token, only this machine itself, and nobody through a proxy on it', async () => {
    await using service = await openService({ operations: [say] });
    expect((await service.get('/admin/stats')).status).toBe(200);
    expect((await service.get('/admin/stats', { headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(401);
    const far = await service.app.inject({ url: '/admin/stats', remoteAddress: '203.0.113.9' });
    expect([far.statusCode, far.json()]).toMatchObject([401, { code: 'UNAUTHORIZED' }]);
    const spoofed = await service.app.inject({ url: '/admin/stats', remoteAddress: '203.0.113.9', headers: { host: 'localhost' } });
    expect(spoofed.statusCode).toBe(401);
  });

  test.each([
    ['a page of another host', { origin: 'https://evil.example' }],
    ['a page that hides where it is from', { origin: 'null' }],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page that a browser says is elsewhere', { 'sec-fetch-site': 'cross-site' }],
    ['a page whose own name was made to lead here', { host: 'evil.example' }],
  ])('without a token, not %s in a browser on this machine', async (_who, headers) => {
    await using service = await openService({ operations: [say] });
    await submit(service, 'say', 'a');
    const { statusCode } = await service.app.inject({ method: 'POST', url: '/admin/factory-reset', remoteAddress: '127.0.0.1', headers: { host: `127.0.0.1:${service.port}`, ...headers } });
    expect(statusCode).toBe(401);
    expect((await service.jobs.list()).jobs).toHaveLength(1);
    const own = await service.app.inject({ method: 'POST', url: '/admin/cleanup', remoteAddress: '127.0.0.1', headers: { host: `127.0.0.1:${service.port}`, origin: `http://127.0.0.1:${service.port}`, 'sec-fetch-site': 'same-origin' } });
    expect(own.statusCode).toBe(200);
  });

  test('no client, whose token is for jobs', async () => {
    await using service = await openService({ operations: [say], http: { adminToken, clients: [{ name: 'ada', token: 'a'.repeat(20) }] } });
    expect((await service.get('/admin/stats', as('a'.repeat(20)))).status).toBe(401);
    expect((await service.post('/admin/cleanup?deep=true', undefined, as('a'.repeat(20)))).status).toBe(401);
  });

  test.each([
    ['that is too short', [{ name: 'ada', token: 'short' }]],
    ['of two', [{ name: 'ada', token: adminToken }]],
    ['of nobody', [{ name: '', token: 'a'.repeat(20) }]],
  ])('a token %s is refused when the service is made', (_what, clients) => {
    const jobs = { submit: () => undefined } as never;
    expect(() => resolveHttpOptions({ jobs, adminToken, clients })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});

describe('looking', () => {
  test('stats and queue tell what waits, runs and has ended', async () => {
    const held = heldOperation({ concurrency: 1 });
    await using service = await openService({ operations: [held.operation, say] });
    await submit(service, 'held', 'a');
    await held.running('a');
    await submit(service, 'held', 'b');
    expect(await (await service.get('/admin/queue')).json()).toMatchObject({ waiting: 1, running: 1, byOperation: { held: { waiting: 1, running: 1 } }, thisProcess: { runner: { running: 1, stuck: 0 } } });
    expect(await (await service.get('/admin/stats')).json()).toMatchObject({ byState: { queued: 1, running: 1 }, deadLetters: 0, cacheMisses: 2 });
  });

  test('a long job that beats is never stuck', async () => {
    const held = heldOperation();
    await using service = await openService({ operations: [held.operation] });
    await submit(service, 'held', 'a');
    await held.running('a');
    expect(await (await service.get('/admin/stuck')).json()).toEqual({ jobs: [], ignoringKill: 0 });
    expect(await (await service.post('/admin/stuck/repair')).json()).toMatchObject({ errors: [] });
  });

  test('dead letters are listed, and put in line again one by one or all', async () => {
    await using service = await openService({ operations: [fail, say] });
    const ids = await Promise.all(['a', 'b'].map((text) => submit(service, 'fail', text)));
    for (const id of ids) await service.get(`/jobs/${id}/wait`);
    const page = (await (await service.get('/admin/dead-letters?limit=1')).json()) as { jobs: { id: string; deadLetter: string }[]; cursor: string };
    expect([page.jobs.length, page.jobs[0]?.deadLetter]).toEqual([1, 'attempts-used-up']);
    expect((await service.post(`/admin/dead-letters/${ids[0]}/retry`)).status).toBe(202);
    await service.get(`/jobs/${ids[0]}/wait`);
    const all = (await (await service.post('/admin/dead-letters/retry?operation=fail')).json()) as { retried: string[] };
    expect(all.retried.toSorted()).toEqual(ids.toSorted());
    expect(await (await service.post('/admin/dead-letters/retry?operation=say')).json()).toEqual({ retried: [] });
  });
});

describe('removing', () => {
  test('a cleanup without flags removes nothing that lives', async () => {
    await using service = await openService({ operations: [say] });
    const id = await submit(service, 'say', 'a');
    await service.get(`/jobs/${id}/wait`);
    expect(await (await service.post('/admin/cleanup')).json()).toMatchObject({ ok: true, level: 'basic', jobsRemoved: 0 });
    expect((await service.get(`/jobs/${id}`)).status).toBe(200);
  });

  test.each([
    ['in the query', '?deep=true&purgeQueue=1', undefined],
    ['in the body', '', { deep: true, purge_queue: true }],
    ['under the names of the original', '?deep=1&purge_celery_queue=true', undefined],
    ['in both', '?deep=false', { deep: true, purgeQueue: true }],
  ])('a deep one removes everything, with its flags %s, and answers when it is done', async (_where, query, body) => {
    const held = heldOperation();
    await using service = await openService({ operations: [held.operation, copy] });
    const upload = await service.post('/jobs?operation=copy', form('speech'));
    await service.get(`/jobs/${((await upload.json()) as { id: string }).id}/wait`);
    const running = await submit(service, 'held', 'a');
    await held.running('a');
    const report = (await (await service.post(`/admin/cleanup${query}`, body)).json()) as Record<string, unknown>;
    expect(report).toMatchObject({ ok: true, level: 'deep', jobsRemoved: 2, errors: [], left: 0, queuePurged: true });
    expect(report['filesDeleted']).toBeGreaterThanOrEqual(2);
    expect(await (await service.get('/jobs')).json()).toEqual({ jobs: [] });
    expect((await service.get(`/jobs/${running}`)).status).toBe(404);
    expect(service.files()).toEqual([]);
  });

  test('a flag that is misspelt is refused, and nothing is removed', async () => {
    await using service = await openService({ operations: [say] });
    await submit(service, 'say', 'a');
    for (const [query, body] of [['?dep=true', undefined], ['?deep=maybe', undefined], ['', { deep: 'very' }], ['', { depp: true }], ['', [true]]] as const) {
      expect((await service.post(`/admin/cleanup${query}`, body)).status).toBe(400);
    }
    expect((await service.jobs.list()).jobs).toHaveLength(1);
  });

  test('a client that goes away does not stop it', async () => {
    const held = heldOperation();
    await using service = await openService({ operations: [held.operation] });
    await submit(service, 'held', 'a');
    await held.running('a');
    const gone = new AbortController();
    const call = service.post('/admin/cleanup?deep=true', undefined, { signal: gone.signal }).catch(() => undefined);
    gone.abort();
    await call;
    await service.post('/admin/cleanup?deep=true');
    expect((await service.jobs.list()).jobs).toEqual([]);
  });

  test('a factory reset covers this service and others, and one that is down or fails keeps nobody from it', async () => {
    await using other = await openService({ operations: [say], http: { adminToken } });
    await submit(other, 'say', 'b');
    const broken = createServer((_request, response) => void response.writeHead(500).end('{}')).listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const { port } = broken.address() as { readonly port: number };
    const remoteServices = [
      createRemoteService({ name: 'other', url: other.url, token: adminToken }), createRemoteService({ name: 'locked', url: other.url, token: 'wrong' }),
      createRemoteService({ name: 'broken', url: `http://127.0.0.1:${port}` }), createRemoteService({ name: 'down', url: 'http://127.0.0.1:9' }),
    ];
    await using service = await openService({ operations: [say], http: { remoteServices } });
    await submit(service, 'say', 'a');
    const response = await service.post('/admin/factory-reset');
    broken.close();
    expect([response.status, await response.json()]).toMatchObject([200, {
      ok: false, self: { ok: true, level: 'deep' },
      services: { other: { status: 'success', report: { ok: true, self: { ok: true } } }, locked: { status: 'failed' }, broken: { status: 'failed' }, down: { status: 'unreachable' } },
    }]);
    for (const one of [service, other]) expect((await one.jobs.list()).jobs).toEqual([]);
  });
});

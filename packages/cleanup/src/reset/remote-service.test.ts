import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { createRemoteService, factoryReset, resetAll, resetRemotes } from '@media-jobs/cleanup';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  expect(servers.filter(({ listening }) => listening)).toEqual([]);
});

/** A real server on a port of its own. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<AsyncDisposable & { readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      asked.push({ method: request.method ?? '', path: pathname, query: Object.fromEntries(searchParams), body: JSON.parse(text), authorization: request.headers.authorization });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json = (value: unknown, status = 200) => (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

test('each service is reported by name, whatever the others do: success, failure, silence, a cut, nonsense, nobody there', async () => {
  await using good = await serve(json({ ok: true, jobsRemoved: 3, errors: [] }));
  await using old = await serve(json({ jobs_removed: 3, errors: [] }));
  await using partial = await serve(json({ ok: false, message: 'one file is left', errors: [{ path: '/x', reason: 'EACCES' }] }));
  await using refusing = await serve(json({ error: 'no token' }, 401));
  await using silent = await serve(() => undefined);
  await using cut = await serve((_, response) => { response.writeHead(200, { 'content-length': '100' }); response.write('{"ok":'); response.destroy(); });
  await using garbage = await serve((_, response) => void response.end('<html>It works!</html>'));
  await using moved = await serve((_, response) => void response.writeHead(302, { location: good.url }).end());
  await using gone = await serve(() => undefined);
  const places = { good, old, partial, refusing, silent, cut, garbage, moved };
  const services = Object.entries(places).map(([name, { url }]) => createRemoteService({ name, url, timeoutMs: name === 'silent' ? 300 : 30_000 }));
  const dead = createRemoteService({ name: 'dead', url: gone.url });
  await gone[Symbol.asyncDispose]();
  const results = await resetRemotes([...services, dead]);
  expect(Object.fromEntries(Object.entries(results).map(([name, { status }]) => [name, status]))).toEqual({
    good: 'success', old: 'success', partial: 'failed', refusing: 'failed', silent: 'unreachable', cut: 'unreachable', garbage: 'failed', moved: 'failed', dead: 'unreachable',
  });
  expect(results['good']?.report).toEqual({ ok: true, jobsRemoved: 3, errors: [] });
  expect(results['partial']).toMatchObject({ error: 'one file is left', report: { errors: [{ path: '/x', reason: 'EACCES' }] } });
  expect(results['refusing']?.error).toContain('401');
  expect(results['silent']?.error).toContain('within 300 ms');
  expect(results['dead']?.error).toContain('ECONNREFUSED');
  expect(good.asked).toHaveLength(1);
});

test('flags stand in the query and in the body, and the token in its header', async () => {
  await using service = await serve(json({ ok: true }));
  const remote = createRemoteService({ name: 'a', url: `${service.url}/base/`, token: 'secret' });
  await remote.reset({ level: 'deep', models: true, queue: false });
  const flags = { deep: true, models: true, purgeQueue: false, purge_celery_queue: false };
  expect(service.asked).toEqual([{ method: 'POST', path: '/base/admin/factory-reset', query: Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)])), body: flags, authorization: 'Bearer secret' }]);
});

test('services are asked side by side: each of two answers only when the other has been asked', async () => {
  const waiting: ServerResponse[] = [];
  const meet = (_: IncomingMessage, response: ServerResponse): void => {
    waiting.push(response);
    if (waiting.length === 2) for (const each of waiting) each.end('{"ok":true}');
  };
  await using one = await serve(meet);
  await using two = await serve(meet);
  const results = await resetRemotes([createRemoteService({ name: 'one', url: one.url }), createRemoteService({ name: 'two', url: two.url })]);
  expect([results['one']?.status, results['two']?.status]).toEqual(['success', 'success']);
});

test('a factory reset covers the calling service, asks for everything, and says who failed', async () => {
  await using good = await serve(json({ ok: true }));
  await using bad = await serve(json({}, 500));
  const asked: unknown[] = [];
  const self = async (request: Parameters<Parameters<typeof factoryReset>[0]>[0]) => {
    asked.push(request);
    return resetAll([], request);
  };
  const report = await factoryReset(self, [createRemoteService({ name: 'good', url: good.url }), createRemoteService({ name: 'bad', url: bad.url })]);
  expect(asked).toEqual([{ level: 'deep', models: true, queue: true }]);
  expect(report).toMatchObject({ message: 'The factory reset is incomplete: bad (failed).', self: { ok: true, level: 'deep' }, services: { good: { status: 'success' }, bad: { status: 'failed' } } });
  expect((await factoryReset(self, [createRemoteService({ name: 'good', url: good.url })])).message).toBe('The factory reset is complete: this service and 1 others.');
});

test('as a target of resetAll, a service that is down is one failure, and its answer stands in its part of the report', async () => {
  await using good = await serve(json({ ok: true, filesDeleted: 2 }));
  const down = createRemoteService({ name: 'down', url: 'http://127.0.0.1:9' });
  const report = await resetAll([createRemoteService({ name: 'good', url: good.url }), down], { level: 'deep' });
  expect(report).toMatchObject({ ok: false, perTarget: { good: { notes: { result: { status: 'success', report: { filesDeleted: 2 } } } }, down: { failures: 1 } } });
  expect(report.errors).toMatchObject([{ target: 'down', path: 'http://127.0.0.1:9/admin/factory-reset', reason: expect.stringContaining('unreachable') }]);
});

test('a URL that is none and a path that leads elsewhere are refused', () => {
  expect(() => createRemoteService({ name: 'a', url: 'file:///etc' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  expect(() => createRemoteService({ name: 'a', url: 'http://a', path: 'admin' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

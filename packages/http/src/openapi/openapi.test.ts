import { Validator } from '@seriousme/openapi-schema-validator';
import { asyncProperty, assert, constantFrom, dictionary, integer, jsonValue, oneof, option, record, string, type Arbitrary } from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { MediaJobErrorCode } from '@media-jobs/foundation';
import { copy, fail, say } from '../testing/sample-operations.ts';
import { form, leftFolders, openService, type OpenService } from '../testing/open-service.ts';

interface Parameter { readonly name: string; readonly in: 'path' | 'query'; readonly required: boolean; readonly schema: { readonly enum?: readonly string[] } }
interface Operation { readonly operationId: string; readonly description?: string; readonly parameters?: readonly Parameter[]; readonly requestBody?: object; readonly responses: Readonly<Record<string, unknown>>; readonly security?: unknown }
interface Document { readonly openapi: string; readonly info: { readonly title: string }; readonly servers: readonly { readonly url: string }[]; readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

const documentOf = async (service: OpenService): Promise<Document> => (await (await service.get('/openapi.json')).json()) as Document;
const operationsOf = ({ paths }: Document) => Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));

afterAll(() => expect(leftFolders()).toEqual([]));

test('the document is one of OpenAPI 3.1, and names every route once', async () => {
  await using service = await openService({ operations: [copy, say, { ...say, name: 'transcribe' }], prefix: '/api', http: { service: { name: 'transcriber', version: '1.0.0' } } });
  const document = await documentOf(service);
  const checked = await new Validator().validate({ ...document });
  expect(checked.errors ?? []).toEqual([]);
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'transcriber', version: '1.0.0' }, servers: [{ url: '/api' }] });
  const ids = operationsOf(document).map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(['submitJob', 'listJobs', 'getJob', 'waitForJob', 'followJob', 'cancelJob', 'deleteJob', 'downloadFile', 'factoryReset', 'createTranscription', 'getHealth']));
});

test('a submit is described by the very schemas of its operations', async () => {
  await using service = await openService({ operations: [copy, say] });
  const { requestBody } = (await documentOf(service)).paths['/jobs']?.['post'] ?? {};
  expect(requestBody).toMatchObject({ content: {
    'multipart/form-data': { schema: { anyOf: [
      { title: 'copy', additionalProperties: false, required: ['file'], properties: { file: { type: 'string', format: 'binary' }, times: { type: 'integer', minimum: 1, maximum: 5, default: 1 }, mode: { enum: ['a', 'b'] } } },
      { title: 'say', properties: { text: { type: 'string', minLength: 1 } } },
    ] } },
    'application/json': { schema: { title: 'say' } },
  } });
});

test('what a reset does is said where it is asked for: it cannot be undone, it cancels, it takes its time', async () => {
  await using service = await openService({ operations: [say] });
  const document = await documentOf(service);
  for (const path of ['/admin/cleanup', '/admin/factory-reset']) {
    expect(document.paths[path]?.['post']?.description).toMatch(/cannot be undone.*cancels running jobs.*a minute/);
  }
});

test('the page of the document is served, asks nothing of others, and forbids what it does not need', async () => {
  await using service = await openService({ operations: [say], http: { docs: true } });
  const page = await service.get('/docs/');
  const text = await page.text();
  expect([page.status, page.headers.get('content-type')]).toMatchObject([200, 'text/html; charset=utf-8']);
  expect(text).not.toMatch(/(?:src|href)="https?:/);
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'/);
  expect(await (await service.get('/docs/json')).json()).toMatchObject({ openapi: '3.1.0' });
  await using plain = await openService({ operations: [say], http: { docs: false } });
  expect((await plain.get('/docs/')).status).toBe(404);
});

/** A value for a parameter or a field: what fits, what nearly fits, and mischief. */
const junk = oneof(string({ maxLength: 30 }), string({ unit: 'binary', maxLength: 12 }), constantFrom('', '0', '-1', '1e9', 'NaN', 'true', 'null', '[]', '{}', '__proto__', '../..', '%00', "' OR 1=1", '\u0000', '1'.repeat(400)));
const valueFor = ({ schema }: Parameter): Arbitrary<string> => (schema.enum === undefined ? junk : oneof(constantFrom(...schema.enum), junk));

interface Attack { readonly path: string; readonly query: Readonly<Record<string, string | undefined>>; readonly body: unknown; readonly asForm: boolean; readonly headers: Readonly<Record<string, string>> }

function attacksOn(path: string, { parameters = [] }: Operation, ids: readonly string[]): Arbitrary<Attack> {
  const places = parameters.filter((parameter) => parameter.in === 'path');
  const queries = parameters.filter((parameter) => parameter.in === 'query');
  const parts = record(Object.fromEntries(places.map(({ name }) => [name, oneof(constantFrom(...ids), junk)])));
  return record({
    path: parts.map((values) => path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(values[name] ?? '') || 'x')),
    query: record(Object.fromEntries([...queries.map((parameter) => [parameter.name, valueFor(parameter)] as const), ['odd', junk] as const]), { requiredKeys: [] }),
    body: option(oneof(jsonValue(), dictionary(oneof(constantFrom('file', 'text', 'times', 'mode', 'deep', 'models', 'url'), string({ maxLength: 8 })), oneof(jsonValue({ maxDepth: 1 }), junk)))),
    asForm: integer({ min: 0, max: 3 }).map((number) => number === 0),
    headers: option(constantFrom<Record<string, string>>({ 'last-event-id': '1.running.5.x' }, { range: 'bytes=5-1' }, { 'if-none-match': '*' }, { 'x-correlation-id': 'ok' }, { authorization: 'Bearer x' }, { accept: 'image/png' })).map((headers) => headers ?? {}),
  });
}

async function send(service: OpenService, method: string, { path, query, body, asForm, headers }: Attack): Promise<Response> {
  const url = `${service.url}${path}?${new URLSearchParams(Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Record<string, string>).toString()}`;
  if (method === 'GET' || body === null) return fetch(url, { method, headers });
  if (asForm && typeof body === 'object') return fetch(url, { method, headers, body: form('speech', Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'file').map(([name, value]) => [name, JSON.stringify(value)]))) });
  return fetch(url, { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

test('whatever is sent to whatever route, the answer is one of its document, and never a fault of the service', async () => {
  await using service = await openService({ operations: [copy, say, fail] });
  const submitted = await Promise.all([service.post('/jobs?operation=say', { text: 'a' }), service.post('/jobs?operation=fail', { text: 'a' }), service.post('/jobs?operation=copy', form('speech'))]);
  const ids = await Promise.all(submitted.map(async (response) => ((await response.json()) as { id: string }).id));
  for (const id of ids) await service.jobs.get(id).then((job) => job?.wait());
  const operations = operationsOf(await documentOf(service));
  // Resets come last: they take the jobs that the others are tried on.
  for (const { path, method, operation } of operations.toSorted((left, right) => Number(left.path.includes('admin')) - Number(right.path.includes('admin')))) {
    await assert(asyncProperty(attacksOn(path, operation, ids), async (attack) => {
      const response = await send(service, method, attack);
      const text = await response.text();
      const code = response.headers.get('content-type')?.includes('problem+json') === true ? (JSON.parse(text) as { code: MediaJobErrorCode }).code : undefined;
      // A path that is no more that of the route is none of its document.
      if (code === 'ROUTE_NOT_FOUND') return;
      expect(response.status, `${method} ${attack.path}: ${text.slice(0, 200)}`).not.toBe(500);
      expect(Object.keys(operation.responses), `${method} ${path} ${attack.path} ${JSON.stringify(attack.query)}: ${text.slice(0, 200)}`).toContain(String(response.status));
    }), { numRuns: 25, endOnFailure: true });
  }
}, 60_000);

import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import type { MediaJobErrorCode } from '@media-jobs/foundation';
import { copy, say } from './testing/sample-operations.ts';
import { form, leftFolders, openService, type OpenService } from './testing/open-service.ts';
import { openRawRequest } from './testing/raw-request.ts';

interface Bad { readonly method?: string; readonly path: string; readonly body?: FormData | string; readonly headers?: Readonly<Record<string, string>> }
type Row = readonly [what: string, bad: Bad, status: number, code: MediaJobErrorCode];

const json = { 'content-type': 'application/json' };
const absent = `mj_${'a'.repeat(26)}`;
const post = (path: string, body?: FormData | string, headers: Readonly<Record<string, string>> = typeof body === 'string' ? json : {}): Bad => ({ method: 'POST', path, headers, ...(body === undefined ? {} : { body }) });
const doubled = (): FormData => {
  const body = form('speech');
  body.append('file', new Blob(['music']), 'b.wav');
  return body;
};
const crowded = (): FormData => form('speech', Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`field${index}`, 'x'])));
const border = { 'content-type': 'multipart/form-data; boundary=b' };

const rows: readonly Row[] = [
  // Nothing, or not enough
  ['nothing at all', post('/jobs?operation=copy'), 400, 'BAD_REQUEST'],
  ['an empty JSON body', post('/jobs?operation=say', ''), 400, 'BAD_REQUEST'],
  ['an empty object', post('/jobs?operation=say', '{}'), 422, 'INVALID_INPUT'],
  ['an empty form', post('/jobs?operation=copy', new FormData()), 422, 'INVALID_INPUT'],
  ['options without the file', post('/jobs?operation=copy', '{"times":2}'), 422, 'INVALID_INPUT'],
  ['a file without bytes', post('/jobs?operation=copy', form('')), 422, 'INPUT_EMPTY'],
  ['a file of nothing but zeros', post('/jobs?operation=copy', form(new Uint8Array(100_000))), 422, 'INPUT_ALL_ZERO'],
  ['no operation where there are two', post('/jobs', '{"text":"a"}'), 400, 'INVALID_OPTION'],
  // Fields
  ['a field that is misspelt', post('/jobs?operation=copy', form('speech', { tmies: '2' })), 422, 'INVALID_INPUT'],
  ['a field that a lax schema would drop', post('/jobs?operation=say', '{"text":"a","loud":true}'), 422, 'INVALID_INPUT'],
  ['a number that is none', post('/jobs?operation=copy', form('speech', { times: 'two' })), 422, 'INVALID_INPUT'],
  ['a number beyond its bounds', post('/jobs?operation=copy', form('speech', { times: '6' })), 422, 'INVALID_INPUT'],
  ['a fraction of a whole number', post('/jobs?operation=copy', form('speech', { times: '1.5' })), 422, 'INVALID_INPUT'],
  ['a truth that is none', post('/jobs?operation=copy', form('speech', { loud: 'maybe' })), 422, 'INVALID_INPUT'],
  ['a choice that is none', post('/jobs?operation=copy', form('speech', { mode: 'c' })), 422, 'INVALID_INPUT'],
  ['a text that is too long', post('/jobs?operation=copy', form('speech', { note: 'x'.repeat(41) })), 422, 'INVALID_INPUT'],
  ['a list that is too long', post('/jobs?operation=copy', form('speech', { cuts: '[1,2,3,4]' })), 422, 'INVALID_INPUT'],
  ['a list of the wrong things', post('/jobs?operation=copy', form('speech', { cuts: '["a"]' })), 422, 'INVALID_INPUT'],
  ['JSON of the wrong type', post('/jobs?operation=say', '{"text":7}'), 422, 'INVALID_INPUT'],
  ['an address that is none', post('/jobs?operation=say', '{"text":"a","url":"not a url"}'), 422, 'INVALID_INPUT'],
  ['null for a text', post('/jobs?operation=say', '{"text":null}'), 422, 'INVALID_INPUT'],
  ['the same field twice', post('/jobs?operation=copy', doubled()), 422, 'INVALID_INPUT'],
  ['a file in a field that is no file', post('/jobs?operation=copy', form('speech', {}, 'a.wav', 'note')), 422, 'INVALID_INPUT'],
  ['a file in a field that is not there', post('/jobs?operation=copy', form('speech', {}, 'a.wav', 'audio')), 422, 'INVALID_INPUT'],
  ['a file for an operation without files', post('/jobs?operation=say', form('speech', { text: 'a' })), 422, 'INVALID_INPUT'],
  ['a field that is huge', post('/jobs?operation=copy', form('speech', { note: 'x'.repeat(100_000) })), 422, 'INVALID_INPUT'],
  ['a hundred fields', post('/jobs?operation=copy', crowded()), 422, 'INVALID_INPUT'],
  // A path of ours in place of a file
  ['a path in JSON', post('/jobs?operation=copy', '{"file":"/etc/passwd"}'), 422, 'INVALID_INPUT'],
  ['a path in a form', post('/jobs?operation=copy', ((): FormData => { const body = new FormData(); body.set('file', '/etc/passwd'); return body; })()), 422, 'INVALID_INPUT'],
  ['an object in place of a file', post('/jobs?operation=copy', '{"file":{"path":"/etc/passwd"}}'), 422, 'INVALID_INPUT'],
  // Bodies
  ['JSON that is cut off', post('/jobs?operation=say', '{"text":"a"'), 400, 'BAD_REQUEST'],
  ['a list', post('/jobs?operation=say', '[]'), 400, 'BAD_REQUEST'],
  ['a bare text', post('/jobs?operation=say', '"text"'), 400, 'BAD_REQUEST'],
  ['a bare number', post('/jobs?operation=say', '7'), 400, 'BAD_REQUEST'],
  ['null', post('/jobs?operation=say', 'null'), 400, 'BAD_REQUEST'],
  ['a prototype', post('/jobs?operation=say', '{"text":"a","__proto__":{"x":1}}'), 400, 'BAD_REQUEST'],
  ['a constructor', post('/jobs?operation=say', '{"text":"a","constructor":{"prototype":{"x":1}}}'), 400, 'BAD_REQUEST'],
  ['a prototype in a form', post('/jobs?operation=copy', form('speech', { constructor: 'x' })), 400, 'BAD_REQUEST'],
  ['JSON that is too long', post('/jobs?operation=say', `{"text":"${'a'.repeat(2_000_000)}"}`), 413, 'INPUT_TOO_LARGE'],
  ['a form without a border', post('/jobs?operation=copy', 'x', { 'content-type': 'multipart/form-data' }), 400, 'BAD_REQUEST'],
  ['a form whose border never comes', post('/jobs?operation=copy', 'nothing here', border), 400, 'BAD_REQUEST'],
  ['a form that ends in its headers', post('/jobs?operation=copy', '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n', border), 400, 'BAD_REQUEST'],
  ['a part without a name', post('/jobs?operation=copy', '--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n', border), 400, 'BAD_REQUEST'],
  // Media types
  ['bare audio', post('/jobs?operation=copy', 'RIFF', { 'content-type': 'audio/wav' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a bare text as text', post('/jobs?operation=say', 'a', { 'content-type': 'text/plain' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a form of the old kind', post('/jobs?operation=say', 'text=a', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['XML', post('/jobs?operation=say', '<text/>', { 'content-type': 'application/xml' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a media type that is none', post('/jobs?operation=say', '{"text":"a"}', { 'content-type': 'application' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  // Operations and queries
  ['an operation that is none', post('/jobs?operation=nothing', '{"text":"a"}'), 404, 'UNKNOWN_OPERATION'],
  ['an operation of mischief', post('/jobs?operation=__proto__', '{"text":"a"}'), 404, 'UNKNOWN_OPERATION'],
  ['an operation of a thousand letters', post(`/jobs?operation=${'a'.repeat(1_000)}`, '{"text":"a"}'), 400, 'INVALID_OPTION'],
  ['an operation twice', post('/jobs?operation=say&operation=copy', '{"text":"a"}'), 400, 'INVALID_OPTION'],
  ['a query that is misspelt', post('/jobs?operation=say&frehs=true', '{"text":"a"}'), 400, 'INVALID_OPTION'],
  ['a truth in the query that is none', post('/jobs?operation=say&fresh=perhaps', '{"text":"a"}'), 400, 'INVALID_OPTION'],
  ['a priority that is no number', post('/jobs?operation=say&priority=high', '{"text":"a"}'), 400, 'INVALID_OPTION'],
  ['a priority beyond its bounds', post('/jobs?operation=say&priority=1001', '{"text":"a"}'), 400, 'INVALID_OPTION'],
  ['a limit of zero', { path: '/jobs?limit=0' }, 400, 'INVALID_OPTION'],
  ['a limit beyond its bounds', { path: '/jobs?limit=201' }, 400, 'INVALID_OPTION'],
  ['a limit below zero', { path: '/jobs?limit=-1' }, 400, 'INVALID_OPTION'],
  ['a limit of letters', { path: '/jobs?limit=ten' }, 400, 'INVALID_OPTION'],
  ['a limit in powers', { path: '/jobs?limit=1e2' }, 400, 'INVALID_OPTION'],
  ['a cursor that is none', { path: '/jobs?cursor=abc' }, 400, 'INVALID_OPTION'],
  ['a status that is none', { path: '/jobs?status=done' }, 400, 'INVALID_OPTION'],
  ['a status that is never told', { path: '/jobs?status=expiring' }, 400, 'INVALID_OPTION'],
  ['a wait that never ends', { path: `/jobs/${absent}/wait?timeoutSeconds=99999` }, 400, 'INVALID_OPTION'],
  ['a query on a route without one', { path: `/jobs/${absent}?verbose=1` }, 400, 'INVALID_OPTION'],
  // Ids and paths
  ['an id that never was', { path: `/jobs/${absent}` }, 404, 'JOB_NOT_FOUND'],
  ['an id in capitals', { path: `/jobs/${absent.toUpperCase()}` }, 404, 'JOB_NOT_FOUND'],
  ['an id that is too short', { path: '/jobs/mj_a' }, 404, 'JOB_NOT_FOUND'],
  ['an id with a pattern for Redis', { path: '/jobs/*' }, 404, 'JOB_NOT_FOUND'],
  ['an id with a line break', { path: `/jobs/${absent}%0a` }, 404, 'JOB_NOT_FOUND'],
  ['an id with a zero byte', { path: `/jobs/${absent}%00` }, 404, 'JOB_NOT_FOUND'],
  ['an id that climbs', { path: '/jobs/..%2f..%2fetc%2fpasswd' }, 404, 'JOB_NOT_FOUND'],
  ['an id of mischief', { path: '/jobs/__proto__' }, 404, 'JOB_NOT_FOUND'],
  ['an id that cannot be decoded', { path: '/jobs/%E0%A4%A' }, 400, 'BAD_REQUEST'],
  ['a path that is none', { path: '/nothing' }, 404, 'ROUTE_NOT_FOUND'],
  ['a path below a job that is none', { path: `/jobs/${absent}/nothing` }, 404, 'ROUTE_NOT_FOUND'],
  ['a method that is none', { method: 'PUT', path: '/jobs', body: '{}', headers: json }, 404, 'ROUTE_NOT_FOUND'],
  ['a cancel by GET', { path: `/jobs/${absent}/cancel` }, 404, 'ROUTE_NOT_FOUND'],
  // Tokens
  ['the administration without a token', { path: '/admin/stats' }, 401, 'UNAUTHORIZED'],
  ['a reset without a token', post('/admin/factory-reset'), 401, 'UNAUTHORIZED'],
  ['a token that is wrong', { path: '/admin/stats', headers: { authorization: 'Bearer wrong-wrong-wrong' } }, 401, 'UNAUTHORIZED'],
  ['a token of another kind', { path: '/admin/stats', headers: { authorization: 'Basic administration-1' } }, 401, 'UNAUTHORIZED'],
  ['a token in the query', { path: '/admin/stats?token=administration-1' }, 401, 'UNAUTHORIZED'],
];

let service: OpenService;

beforeEach(async () => {
  service = await openService({ operations: [copy, say], jobs: { maxInputBytes: 4_000_000 }, http: { adminToken: 'administration-1' } });
});
afterEach(() => service[Symbol.asyncDispose]());
afterAll(() => expect(leftFolders()).toEqual([]));

const nothingWasMade = async (): Promise<void> => {
  expect((await service.jobs.list()).jobs).toEqual([]);
  await expect.poll(service.files).toEqual([]);
};

test('the table names at least 60 bad requests, each once', () => {
  expect(new Set(rows.map(([what]) => what)).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThanOrEqual(60);
});

test.each(rows)('%s is refused by name, and nothing is made', async (_what, { method = 'GET', path, body, headers = {} }, status, code) => {
  const response = await fetch(`${service.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const problem = (await response.json()) as Record<string, unknown>;
  expect([response.status, problem['code']]).toEqual([status, code]);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problem).toMatchObject({ status, type: `urn:media-jobs:error:${code}`, detail: expect.stringMatching(/^Expected /) as string, correlationId: response.headers.get('x-correlation-id') });
  expect(JSON.stringify(problem)).not.toContain(service.workFolder);
  await nothingWasMade();
});

test.each([
  ['two lengths', 'content-length: 3\r\ncontent-length: 5\r\n'],
  ['a length and chunks', 'content-length: 3\r\ntransfer-encoding: chunked\r\n'],
  ['a length below zero', 'content-length: -1\r\n'],
  ['a length of letters', 'content-length: abc\r\n'],
  ['a header with a line break', 'x-correlation-id: a\nb: c\r\n'],
  ['headers without end', `x-long: ${'a'.repeat(100_000)}\r\n`],
])('a request with %s never comes to a job', async (_what, headers) => {
  using raw = await openRawRequest(service.port);
  raw.write(`POST /jobs?operation=say HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${headers}\r\n{}`);
  expect(await raw.until(' ')).toMatch(/^HTTP\/1.1 /);
  expect(await raw.until('\r\n')).toMatch(/^HTTP\/1.1 4\d\d /);
  await nothingWasMade();
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { copiedNames, copy, fail, heldOperation } from '../testing/sample-operations.ts';
import { form, leftFolders, openService, type OpenService } from '../testing/open-service.ts';

const held = heldOperation();
let service: OpenService;
let id = '';
const path = (name: string): string => `/jobs/${id}/files/${name.split('/').map(encodeURIComponent).join('/')}`;
const content = Array.from({ length: 1_000 }, (_, index) => `line ${index}\n`).join('');

beforeEach(async () => {
  service = await openService({ operations: [copy, fail, held.operation] });
  id = ((await (await service.post('/jobs?operation=copy', form(content))).json()) as { id: string }).id;
  await service.get(`/jobs/${id}/wait`);
});
afterEach(() => service[Symbol.asyncDispose]());
afterAll(() => expect(leftFolders()).toEqual([]));

test('each file is had by its name, the first also without one', async () => {
  expect(await (await service.get(path(copiedNames[0]))).text()).toBe(content);
  expect(await (await service.get(`/jobs/${id}/download`)).text()).toBe(content);
  const second = await service.get(path(copiedNames[1]));
  expect([await second.text(), second.headers.get('content-type')]).toEqual(['hello', 'text/plain; charset=utf-8']);
  expect(second.headers.get('content-disposition')).toBe(String.raw`attachment; filename="Gr??e \"1\".txt"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.txt`);
});

test('no browser runs what a job made', async () => {
  const { headers } = await service.get(path(copiedNames[0]));
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-disposition')).toMatch(/^attachment/);
});

test.each([
  ['bytes=0-4', 206, 'line ', `bytes 0-4/${content.length}`],
  ['bytes=5-5', 206, '0', `bytes 5-5/${content.length}`],
  ['bytes=-4', 206, '999\n', `bytes ${content.length - 4}-${content.length - 1}/${content.length}`],
  ['bytes=0-999999', 206, content, `bytes 0-${content.length - 1}/${content.length}`],
  [`bytes=${content.length}-`, 416, undefined, `bytes */${content.length}`],
  ['bytes=9-5', 416, undefined, `bytes */${content.length}`],
  ['lines=1-2', 200, content, null],
])('the range %s is answered %i', async (range, status, expected, contentRange) => {
  const response = await service.get(path(copiedNames[0]), { headers: { range } });
  const body = await response.text();
  expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
  if (expected !== undefined) expect(body).toBe(expected);
  else expect(JSON.parse(body)).toMatchObject({ code: 'RANGE_UNSATISFIABLE' });
});

test('a download that was cut off is resumed only of the same file', async () => {
  const { headers } = await service.get(path(copiedNames[0]));
  const etag = headers.get('etag') ?? '';
  const resumed = await service.get(path(copiedNames[0]), { headers: { range: 'bytes=5-', 'if-range': etag } });
  expect([resumed.status, await resumed.text()]).toEqual([206, content.slice(5)]);
  const changed = await service.get(path(copiedNames[0]), { headers: { range: 'bytes=5-', 'if-range': '"another"' } });
  expect([changed.status, await changed.text()]).toEqual([200, content]);
});

test('what a client has already is not sent again', async () => {
  const { headers } = await service.get(path(copiedNames[0]));
  for (const condition of [{ 'if-none-match': headers.get('etag') ?? '' }, { 'if-modified-since': headers.get('last-modified') ?? '' }]) {
    // `fetch` asks for no answer from a cache as soon as it is given such a header.
    const response = await service.app.inject({ url: path(copiedNames[0]), headers: condition as Record<string, string> });
    expect([response.statusCode, response.body]).toEqual([304, '']);
  }
  const other = await service.get(path(copiedNames[0]), { headers: { 'if-match': '"another"' } });
  expect([other.status, await other.json()]).toMatchObject([412, { code: 'PRECONDITION_FAILED' }]);
});

test('HEAD tells all about a file and sends none of it', async () => {
  const response = await service.get(path(copiedNames[0]), { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, String(content.length), '']);
});

test.each(['../../jobs.db', '..%2f..%2fjobs.db', '%2e%2e/%2e%2e/x', 'copy.bin%2f..%2fcopy.bin', '/etc/passwd', 'nothing.txt', 'copy.bin%00.txt', '__proto__', 'constructor', '.', ''])('only names that the job lists lead to files, not %j', async (name) => {
  const response = await fetch(`${service.url}/jobs/${id}/files/${name}`);
  expect([response.status, await response.json()]).toMatchObject([404, { code: expect.stringMatching(/^(?:FILE|ROUTE|JOB)_NOT_FOUND$/) as string }]);
});

test('a job that is not done is 425, one that failed 409, and a file that was taken away 410', async () => {
  const { id: waiting } = (await (await service.post('/jobs?operation=held', { text: 'a' })).json()) as { id: string };
  expect((await service.get(`/jobs/${waiting}/download`)).status).toBe(425);
  held.release('a');
  const { id: failed } = (await (await service.post('/jobs?operation=fail', { text: 'a' })).json()) as { id: string };
  await service.get(`/jobs/${failed}/wait`);
  expect((await service.get(`/jobs/${failed}/download`)).status).toBe(409);
  const record = (await service.jobs.list()).jobs.find((one) => one.id === id);
  await rm(join(service.workFolder, record?.outputFolder ?? '', copiedNames[0]));
  const gone = await service.get(path(copiedNames[0]));
  expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'JOB_EXPIRED' }]);
});

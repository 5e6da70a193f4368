import { defineOperation, definePipeline, inputFile } from '@media-jobs/core';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { leftFolders, openService } from '../testing/open-service.ts';

const limits = { softTimeoutMs: 1_000, hardTimeoutMs: 2_000 };
const fetchIt = defineOperation({ name: 'fetch', version: 1, input: z.strictObject({ url: z.url(), quality: z.enum(['best', 'audio']).default('best') }), output: z.null(), limits, run: () => Promise.resolve(null) });
const hear = defineOperation({ name: 'hear', version: 1, input: z.strictObject({ file: inputFile() }), output: z.null(), limits, run: () => Promise.resolve(null) });
const both = definePipeline({ name: 'both', version: 1, input: z.strictObject({ url: z.url() }) }).step('fetched', fetchIt, ({ input }) => ({ url: input.url })).step('heard', hear, ({ fetched }) => ({ file: fetched.file() })).build();
const operations = [hear, fetchIt, both];

afterAll(() => expect(leftFolders()).toEqual([]));

test('the page comes with a policy that allows nothing inline and nothing from elsewhere', async () => {
  await using service = await openService({ operations });
  const page = await service.get('/');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  const html = await page.text();
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\son\w+=/);
  const parts = [...html.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(parts).toEqual(['page/icon.svg', 'page/page.css', 'page/parts.css', 'page/page.js']);
  for (const path of parts) expect((await service.get(`/${path}`)).status).toBe(200);
});

test('a browser that has a file of the page is not sent it again', async () => {
  await using service = await openService({ operations });
  const first = await service.get('/page/page.js');
  const again = await service.get('/page/page.js', { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
  expect([first.headers.get('content-type'), again.status, await again.text()]).toEqual(['text/javascript; charset=utf-8', 304, '']);
});

test('it is told what each operation takes: files, an address, the steps of a pipeline, and the schema of its options', async () => {
  await using service = await openService({ operations, http: { adminToken: 'sixteen-characters', service: { name: 'talks', version: '2.0.0' } } });
  const facts = (await (await service.get('/page/service.json')).json()) as { operations: { schema: unknown }[] };
  expect(facts).toMatchObject({
    service: { name: 'talks', version: '2.0.0' }, clientsNeedToken: false, adminNeedsToken: true, takesToken: true, docs: false, resets: [],
    operations: [{ name: 'hear', files: ['file'], takesUrl: false, steps: [] }, { name: 'fetch', files: [], takesUrl: true, steps: [] }, { name: 'both', files: [], takesUrl: true, steps: ['fetched', 'heard'] }],
  });
  expect(facts.operations[1]?.schema).toMatchObject({ properties: { quality: { enum: ['best', 'audio'], default: 'best' } } });
  expect(JSON.stringify(facts)).not.toContain('sixteen-characters');
});

test('below a prefix its address ends with a slash, since all others are relative to it', async () => {
  await using service = await openService({ operations, prefix: '/media/jobs' });
  const page = await service.get('', { redirect: 'manual' });
  expect([page.status, page.headers.get('location')]).toEqual([308, 'jobs/']);
  expect(new URL('jobs/', service.url).pathname).toBe('/media/jobs/');
  expect([(await service.get('/')).status, (await service.get('/page/page.css')).status]).toEqual([200, 200]);
});

test.each(['/page/nothing.js', '/page/..%2fserve-page.ts', '/page/__proto__', '/page/constructor'])('%s is no file of it', async (path) => {
  await using service = await openService({ operations });
  const refused = await service.get(path);
  expect([refused.status, await refused.json()]).toMatchObject([404, { code: 'ROUTE_NOT_FOUND' }]);
});

test('with `page: false` there is none', async () => {
  await using service = await openService({ operations, http: { page: false } });
  expect([(await service.get('/')).status, (await service.get('/page/page.js')).status, (await service.get('/page/service.json')).status]).toEqual([404, 404, 404]);
});

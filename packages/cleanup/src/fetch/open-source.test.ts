import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fetchFile, type FetchFileOptions, type FetchedFile } from '@media-jobs/cleanup';
import { bytesOf, redirect, refuse, serve, sha256Of, useFileServer } from '../testing/file-server.ts';
import { useScratch } from '../testing/scratch.ts';

const scratch = useScratch();
const server = useFileServer();
const file = bytesOf(300_000);
const expected = { bytes: file.length, sha256: sha256Of(file) };

/** Without pauses; the rest as a user has it. */
function download(options: Partial<FetchFileOptions> = {}): Promise<FetchedFile> {
  return fetchFile({ urls: [server.url()], target: scratch.path('model.bin'), random: () => 0, reserveBytes: 0, ...options });
}

const arrived = (): number => statSync(scratch.path('.model.bin.part'), { throwIfNoEntry: false })?.size ?? 0;
const there = (): Buffer => readFileSync(scratch.path('model.bin'));

test('redirects are followed, up to a limit, and never in a circle', async () => {
  server.script(redirect('/b'), redirect('/c', 308), serve(file));
  await download({ expected });
  expect(server.asked).toEqual(['GET /file', 'GET /b', 'GET /c']);
  server.script(redirect('/b'), redirect('/file'), redirect('/b'), redirect('/file'));
  await expect(download()).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', message: expect.stringContaining('circle') as string });
});

test('an endless chain of redirects ends at its limit', async () => {
  let count = 0;
  server.script((request, response) => redirect(`/${(count += 1)}`)(request, response));
  await expect(download({ maxRedirects: 4 })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
  expect(count).toBe(5);
});

test.each(['ftp://127.0.0.1/file', 'file:///etc/passwd', 'http://[', ''])('a redirect to %j is refused', async (location) => {
  server.script(redirect(location));
  await expect(download()).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
});

test('every address is shown to the guard first, also that of a redirect', async () => {
  server.script(redirect('/private'), serve(file));
  const refusal = new Error('private');
  const checkUrl = ({ pathname }: URL): void => {
    if (pathname === '/private') throw refusal;
  };
  await expect(download({ checkUrl })).rejects.toMatchObject({ code: 'UNKNOWN', cause: refusal });
  expect(server.asked).toEqual(['GET /file']);
});

test('a header of the caller does not go to another origin', async () => {
  const seen: (string | undefined)[] = [];
  const other = server.url('/there').replace('127.0.0.1', 'localhost');
  const listening = serve(file);
  server.script((request, response) => {
    seen.push(request.headers.authorization);
    (request.url === '/file' ? redirect(other) : listening)(request, response);
  });
  await download({ headers: { authorization: 'Bearer secret' }, fetch: (url, init) => fetch((url as URL).href.replace('localhost', '127.0.0.1'), init) });
  expect(seen).toEqual(['Bearer secret', undefined]);
});

test.each([401, 403, 404, 410])('status %i is final for its address', async (status) => {
  server.script(refuse(status));
  await expect(download()).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', retryable: false, facts: { status } });
  expect(server.asked).toHaveLength(1);
});

test.each([408, 429, 500, 502, 503])('status %i is tried again', async (status) => {
  server.script(refuse(status), serve(file));
  await download({ expected });
  expect(there().equals(file)).toBe(true);
});

test('a wish for a pause is granted up to a limit, and told beyond it', async () => {
  server.script(refuse(429, { 'retry-after': '0' }), refuse(503, { 'retry-after': new Date(0).toUTCString() }), serve(file));
  await download({ expected });
  server.script(...Array.from({ length: 3 }, () => serve(file)), refuse(503, { 'retry-after': '3600' }));
  await expect(download()).rejects.toMatchObject({ code: 'DOWNLOAD_OVERLOADED', retryAfterMs: 3_600_000, class: 'overload' });
});

test('a mirror goes on with what another one has begun', async () => {
  server.script(serve(file, { cutAfter: 100_000, arrived }), refuse(404), serve(file));
  await download({ expected, urls: [server.url('/one'), server.url('/two'), server.url('/three')], tries: 1 });
  expect(server.asked).toEqual(['GET /one', 'GET /two bytes=100000-', 'GET /three bytes=100000-']);
  expect(there().equals(file)).toBe(true);
});

test('when all mirrors fail, the error names each', async () => {
  server.script(refuse(404), refuse(403));
  const urls = [server.url('/one?token=secret'), server.url('/two')];
  await expect(download({ urls })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { failures: [{ url: server.url('/one') }, { url: server.url('/two') }] } });
});

test('compressed bytes, which fit no range, are refused', async () => {
  server.script(serve(file, { headers: { 'content-encoding': 'gzip' } }));
  await expect(download()).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', message: expect.stringContaining('gzip') as string });
});

test('a server that is not there is named with the reason', async () => {
  await expect(download({ urls: ['http://127.0.0.1:1/file'], tries: 2 })).rejects.toMatchObject({ code: 'DOWNLOAD_UNAVAILABLE', message: expect.stringMatching(/ECONNREFUSED|bad port/) as string });
});


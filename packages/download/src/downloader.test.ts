import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createDownloader, type Downloaded, type DownloaderOptions, type DownloadOptions, type ResolveHost } from '@media-jobs/download';
import { expect, test } from 'vitest';
import { useFolders } from './testing/folders.ts';
import { endServersAfterAll, give, redirect, serveFile, startServer, type Answer } from './testing/media-server.ts';

const folders = useFolders();
endServersAfterAll();
const file = randomBytes(200_000);
const privateHost = '127.0.0.2';

/** Whatever is not on 127.0.0.1 counts as what it is: private. */
const settings: DownloaderOptions = { allowedNetworks: ['127.0.0.1/32'], random: () => 0, reserveBytes: 0, ytDlp: false };

function download(url: string, options: DownloaderOptions = {}, { folder = folders.fresh(), ...request }: Partial<DownloadOptions> = {}): Promise<Downloaded> {
  return createDownloader({ ...settings, ...options }).download(url, { folder, ...request });
}

/** Answers each question for a name with the next of these addresses; the last repeats. */
function resolver(...answers: readonly (readonly string[])[]): ResolveHost & { readonly questions: string[] } {
  const questions: string[] = [];
  const resolve: ResolveHost = (hostname, _options, callback) => {
    questions.push(hostname);
    const addresses = answers[Math.min(questions.length, answers.length) - 1] ?? [];
    callback(null, addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  };
  return Object.assign(resolve, { questions });
}

test('a file arrives whole under a name of ours, with its checksum and type, and tells how far it is', async () => {
  const server = await startServer([give(file)]);
  const folder = folders.fresh();
  const ratios: (number | null)[] = [];
  const got = await download(server.url('/some%20odd/..%2fname.mp4?token=secret'), {}, { folder, onProgress: ({ ratio }) => ratios.push(ratio) });
  expect(got).toEqual({ path: `${folder}/media.mp4`, name: 'media.mp4', bytes: 200_000, sha256: createHash('sha256').update(file).digest('hex'), mediaType: 'video/mp4', via: 'direct', source: null, title: null });
  expect(readFileSync(got.path).equals(file)).toBe(true);
  expect([folders.names(folder), ratios.at(-1)]).toEqual([['media.mp4'], 1]);
});

test('a transfer that was cut off is gone on with where it ended', async () => {
  const server = await startServer([serveFile(file, { cutAfter: 60_000 }), serveFile(file)]);
  expect(readFileSync((await download(server.url())).path).equals(file)).toBe(true);
  expect(server.asked).toEqual(['/talk.mp4', '/talk.mp4 bytes=60000-']);
});

const rangeLies: readonly (readonly [string, Answer])[] = [
  ['another part of the file', give(file.subarray(10), { 'content-range': 'bytes 10-199999/200000', etag: '"one"' }, 206)],
  ['the part of another state of the file', give(file.subarray(60_000), { 'content-range': 'bytes 60000-199999/200000', etag: '"two"' }, 206)],
  ['a part without saying which', give(file.subarray(60_000), { etag: '"one"' }, 206)],
  ['a part of another size', give(file.subarray(60_000), { 'content-range': 'bytes 60000-199999/300000', etag: '"one"' }, 206)],
  ['that there is no more', give('', { 'content-range': 'bytes */5' }, 416)],
];

test.each(rangeLies)('a server that is asked for the rest and gives %s is not believed: the whole is asked for', async (_what, lie) => {
  const server = await startServer([serveFile(file, { cutAfter: 60_000 }), lie, serveFile(file)]);
  expect(readFileSync((await download(server.url())).path).equals(file)).toBe(true);
  expect(server.asked.at(-1)).toBe('/talk.mp4');
});

test('a file that has changed meanwhile is taken from its start', async () => {
  const changed = randomBytes(150_000);
  const server = await startServer([serveFile(file, { cutAfter: 60_000 }), serveFile(changed, { etag: '"two"' })]);
  expect(readFileSync((await download(server.url())).path).equals(changed)).toBe(true);
});

test.each([
  ['127.0.0.2', ''], ['[::1]', ''], ['0.0.0.0', ''], ['0x7f.2', ''], ['2130706434', ''], ['[::ffff:127.0.0.2]', ''], ['[64:ff9b::7f00:2]', ''],
  ['10.0.0.1', ''], ['169.254.169.254', '/latest/meta-data/'], ['[fd00:ec2::254]', ''], ['100.100.100.200', ''],
])('a redirect to %s is refused, and nobody there is asked', async (host, path) => {
  const inside = await startServer([give(file)], { host: privateHost });
  const server = await startServer([redirect(`http://${host}:${inside.port}${path}`)]);
  await expect(download(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', message: expect.stringContaining('public network') });
  expect([server.asked.length, inside.asked]).toEqual([1, []]);
});

test('a name of this machine is refused by what it means', async () => {
  const server = await startServer([give(file)]);
  await expect(download(`http://localhost:${server.port}/`, { allowedNetworks: [] })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { hostname: 'localhost' } });
  expect(server.asked).toEqual([]);
});

test('a private address is refused where it stands in the wish itself, and allowed where its network is', async () => {
  const inside = await startServer([give(file)], { host: privateHost });
  await expect(download(inside.url())).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { address: privateHost } });
  expect(inside.asked).toEqual([]);
  expect((await download(inside.url(), { allowedNetworks: ['127.0.0.0/8'] })).bytes).toBe(file.length);
  expect((await download(inside.url(), { allowedNetworks: 'all' })).bytes).toBe(file.length);
});

test('a name is resolved once for a connection, which goes to the address that was checked', async () => {
  const server = await startServer([serveFile(file)]);
  const inside = await startServer([give('secret')], { host: privateHost, port: server.port });
  const resolveHost = resolver(['127.0.0.1'], [privateHost]);
  expect((await download(`http://media.test:${server.port}/talk.mp4`, { resolveHost })).bytes).toBe(file.length);
  expect([resolveHost.questions, inside.asked]).toEqual([['media.test'], []]);
});

test('a name that points inside when it is asked for the second time is refused then', async () => {
  const server = await startServer([serveFile(file, { cutAfter: 60_000 })]);
  const inside = await startServer([give('secret')], { host: privateHost, port: server.port });
  const resolveHost = resolver(['127.0.0.1'], [privateHost]);
  await expect(download(`http://media.test:${server.port}/talk.mp4`, { resolveHost })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { hostname: 'media.test', address: privateHost } });
  expect([resolveHost.questions.length, inside.asked]).toEqual([2, []]);
});

test('a name with one address inside among others outside is refused', async () => {
  const server = await startServer([give(file)]);
  await expect(download(`http://media.test:${server.port}/`, { resolveHost: resolver(['127.0.0.1', privateHost]) })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
  expect(server.asked).toEqual([]);
});

test.each(['file:///etc/passwd', 'ftp://media.test/a', 'data:video/mp4;base64,AAAA', 'javascript:1', 'gopher://a', '/etc/passwd', '', 'http://user:secret@media.test/a', `http://media.test/${'a'.repeat(9_000)}`])('%s is no address to download from', async (url) => {
  await expect(download(url)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test.each(['file:///etc/passwd', 'ftp://media.test/a', 'javascript:1', 'http://['])('a redirect to %s is refused', async (target) => {
  const server = await startServer([redirect(target)]);
  await expect(download(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
});

test('redirects in a circle, and more than ten, are refused', async () => {
  const circle = await startServer([redirect('/b'), redirect('/a'), redirect('/b')]);
  await expect(download(circle.url('/a'))).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
  let hop = 0;
  const chain = await startServer([(request, response) => redirect(`/${(hop += 1)}`)(request, response)]);
  await expect(download(chain.url())).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', message: expect.stringContaining('10 redirects') });
  expect(chain.asked).toHaveLength(11);
});

/** Writes as fast as it is read, until nobody reads. */
const endless: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'video/mp4' });
  const pour = (): void => {
    while (!response.destroyed && response.write(file)) continue;
    if (!response.destroyed) response.once('drain', pour);
  };
  pour();
};

test('a body without an end is cut at the limit of size, and nothing of it stays', async () => {
  const server = await startServer([endless]);
  const folder = folders.fresh();
  await expect(download(server.url(), { maxBytes: 5_000_000 }, { folder })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE', facts: { maxBytes: 5_000_000 } });
  expect([server.asked.length, folders.names(folder)]).toEqual([1, []]);
});

test('a file that is too large by its own word is refused before a byte of it is read', async () => {
  const server = await startServer([(_request, response) => response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': '99999999999' }).flushHeaders()]);
  await expect(download(server.url())).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE', facts: { bytes: 99_999_999_999 } });
});

test('a body that drips, and a server that says nothing at all, end as stalls after a few tries', async () => {
  const drip: Answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': '1000000' });
    const timer = setInterval(() => response.write('x'), 10);
    response.once('close', () => clearInterval(timer));
  };
  const dripping = await startServer([drip]);
  await expect(download(dripping.url(), { stallTimeoutMs: 150, minBytesPerSecond: 10_000, tries: 2 })).rejects.toMatchObject({ code: 'STALLED', facts: { neededBytes: 1_500 } });
  const silent = await startServer([() => undefined]);
  await expect(download(silent.url(), { stallTimeoutMs: 100, tries: 2 })).rejects.toMatchObject({ code: 'STALLED' });
  expect([dripping.asked.length, silent.asked.length]).toEqual([2, 2]);
});

test('headers without an end are cut off', async () => {
  const server = await startServer([(request) => {
    const { socket } = request;
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write(`x-${Math.random()}: ${'y'.repeat(4_000)}\r\n`), 1);
    socket.on('error', () => clearInterval(timer)).once('close', () => clearInterval(timer));
  }]);
  await expect(download(server.url(), { tries: 1 })).rejects.toMatchObject({ code: 'DOWNLOAD_UNAVAILABLE' });
});

test('the limit of time holds for all tries together, and an abort ends it at once', async () => {
  const server = await startServer([endless]);
  await expect(download(server.url(), { timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  const control = new AbortController();
  const aborted = download(server.url(), {}, { signal: control.signal, onProgress: () => control.abort(new Error('enough')) });
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
});

test('a gzip bomb is refused as it stands: nothing is unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const server = await startServer([give(bomb, { 'content-encoding': 'gzip' })]);
  const folder = folders.fresh();
  await expect(download(server.url(), {}, { folder })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', message: expect.stringContaining('gzip') });
  expect([server.asked.length, folders.names(folder)]).toEqual([1, []]);
});

test.each([400, 401, 403, 404, 410, 451])('status %i is for ever: it is asked for once', async (status) => {
  const server = await startServer([give('no', {}, status)]);
  await expect(download(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', class: 'permanent', facts: { status } });
  expect(server.asked).toHaveLength(1);
});

test.each([408, 425, 429, 500, 502, 503])('status %i may pass: it is asked for again', async (status) => {
  const server = await startServer([give('later', {}, status), give('later', {}, status), give(file)]);
  expect((await download(server.url())).bytes).toBe(file.length);
  expect(server.asked).toHaveLength(3);
});

test('a server that wants a long pause is an overload, with the time', async () => {
  const server = await startServer([give('later', { 'retry-after': '600' }, 503)]);
  await expect(download(server.url())).rejects.toMatchObject({ code: 'DOWNLOAD_OVERLOADED', retryAfterMs: 600_000 });
  expect(server.asked).toHaveLength(1);
});

test.each([['text/html; charset=utf-8', true], ['application/vnd.apple.mpegurl', true], ['application/json', false], ['image/png', false], ['text/plain', false]])('%s is no media file, by its own word', async (type, isPage) => {
  const server = await startServer([give('<html>', { 'content-type': type })]);
  await expect(download(server.url())).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT', facts: { isPage } });
});

test('a file without a byte is none', async () => {
  const server = await startServer([give('')]);
  const folder = folders.fresh();
  await expect(download(server.url(), {}, { folder })).rejects.toMatchObject({ code: 'EMPTY_OUTPUT' });
  expect(folders.names(folder)).toEqual([]);
});

test.each([
  ['no type and a known ending', {}, '/a.FLAC', 'media.flac', 'audio/flac'],
  ['a type that says more than the ending', { 'content-type': 'audio/mpeg' }, '/a.exe', 'media.mp3', 'audio/mpeg'],
  ['neither', { 'content-type': 'application/octet-stream' }, '/a.exe', 'media.bin', 'application/octet-stream'],
])('with %s its name is ours', async (_what, headers, path, name, mediaType) => {
  const server = await startServer([(_request, response) => void response.writeHead(200, headers).end(file)]);
  expect(await download(server.url(path))).toMatchObject({ name, mediaType });
});

test('a header of the caller does not go to another origin', async () => {
  const tokens: (string | undefined)[] = [];
  const note = (next: Answer): Answer => (request, response) => {
    tokens.push(request.headers.authorization);
    next(request, response);
  };
  const other = await startServer([note(give(file))]);
  const server = await startServer([note(redirect(other.url()))]);
  await download(server.url(), { headers: { authorization: 'Bearer secret' } });
  expect(tokens).toEqual(['Bearer secret', undefined]);
});

test('options that make no sense are refused', () => {
  for (const wrong of [{ maxBytes: 0 }, { timeoutMs: Number.NaN }, { minBytesPerSecond: -1 }, { ytDlp: '' }, { allowedNetworks: ['10.0.0.0'] }]) {
    expect(() => createDownloader(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  }
});

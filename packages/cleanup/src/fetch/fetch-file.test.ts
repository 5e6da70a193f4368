import { createHash } from 'node:crypto';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fetchFile, type FetchFileOptions, type FetchedFile } from '@media-jobs/cleanup';
import { bytesOf, refuse, serve, sha256Of, useFileServer, type Answer } from '../testing/file-server.ts';
import { startChild } from '../testing/child.ts';
import { isRoot, useScratch } from '../testing/scratch.ts';

const scratch = useScratch();
const server = useFileServer();
const file = bytesOf(300_000);
const expected = { bytes: file.length, sha256: sha256Of(file) };
const etag = '"one"';

/** Without pauses; the rest as a user has it. */
function download(options: Partial<FetchFileOptions> = {}): Promise<FetchedFile> {
  return fetchFile({ urls: [server.url()], target: scratch.path('model.bin'), random: () => 0, reserveBytes: 0, ...options });
}

const arrived = (): number => statSync(scratch.path('.model.bin.part'), { throwIfNoEntry: false })?.size ?? 0;
/** Serves the file and cuts the connection when so many bytes have arrived. */
const cut = (cutAfter: number, more: Parameters<typeof serve>[1] = {}, bytes = file): Answer => serve(bytes, { cutAfter, arrived, ...more });
const there = (): Buffer => readFileSync(scratch.path('model.bin'));
/** What one call leaves beside the target. */
const left = (): string[] => scratch.tree(scratch.path()).filter((name) => name !== 'model.bin');

test('a file arrives whole, with its checksum, and nothing lies beside it', async () => {
  server.script(serve(file));
  const progress: number[] = [];
  const fetched = await download({ expected, onProgress: ({ bytes, totalBytes }) => progress.push(bytes, totalBytes ?? 0) });
  expect(fetched).toEqual({ path: scratch.path('model.bin'), bytes: file.length, sha256: expected.sha256, url: server.url() });
  expect(there().equals(file)).toBe(true);
  expect(progress.slice(-2)).toEqual([file.length, file.length]);
  expect(left()).toEqual([]);
});

test('a transfer that is cut off is gone on with where it ended, if the file is still the same', async () => {
  server.script(cut(100_000, { etag }), cut(50_000, { etag }), serve(file, { etag }));
  await download();
  expect(there().equals(file)).toBe(true);
  expect(server.asked).toEqual(['GET /file', `GET /file bytes=100000- ${etag}`, `GET /file bytes=150000- ${etag}`]);
});

test('a file that has changed between two tries is taken from its start', async () => {
  const changed = bytesOf(250_000, 2);
  server.script(cut(100_000, { etag }), serve(changed, { etag: '"two"' }));
  await download();
  expect(there().equals(changed)).toBe(true);
});

test('a server that gives the rest of another state of the file in spite of If-Range is not believed', async () => {
  const changed = bytesOf(300_000, 2);
  const careless = serve(changed, { etag: '"two"' });
  server.script(cut(100_000, { etag }), (request, response) => careless(Object.assign(request, { headers: { range: request.headers.range } }), response), serve(changed, { etag: '"two"' }));
  await download();
  expect(there().equals(changed)).toBe(true);
  expect(server.asked.at(-1)).toBe('GET /file');
});

test('without a sign of what state the file is in, a cut transfer starts over', async () => {
  server.script(cut(100_000), serve(file));
  await download();
  expect(there().equals(file)).toBe(true);
  expect(server.asked).toEqual(['GET /file', 'GET /file']);
});

test('a checksum is sign enough, and when two states were mixed it is found out and mended', async () => {
  server.script(cut(100_000, {}, bytesOf(300_000, 2)), serve(file), serve(file));
  await download({ expected });
  expect(there().equals(file)).toBe(true);
  expect(server.asked).toEqual(['GET /file', 'GET /file bytes=100000-', 'GET /file']);
});

test.each([
  ['begins elsewhere', { 'content-range': 'bytes 5-299999/300000' }],
  ['has no Content-Range', { 'content-range': '' }],
  ['is of a file of another size', { 'content-range': 'bytes 100000-299999/400000' }],
  ['contradicts its length', { 'content-range': 'bytes 100000-150000/300000' }],
  ['is in several parts', { 'content-range': '', 'content-type': 'multipart/byteranges; boundary=x' }],
])('a range that %s is not used: the whole is asked for', async (_lie, headers) => {
  server.script(cut(100_000, { etag }), serve(file, { etag, headers }), serve(file, { etag }));
  await download({ expected });
  expect(there().equals(file)).toBe(true);
  expect(server.asked.map((line) => line.split(' ')[2])).toEqual([undefined, 'bytes=100000-', undefined]);
});

test('a server without ranges that is cut off again and again is given up after the tries allowed', async () => {
  server.script(cut(100_000, { noRanges: true }));
  await expect(download({ expected, tries: 3 })).rejects.toMatchObject({ code: 'DOWNLOAD_UNAVAILABLE', retryable: true });
  expect(server.asked).toHaveLength(3);
});

test('tries that bring a mebibyte are not counted', async () => {
  const big = bytesOf(7 * 1024 * 1024);
  server.script(cut(1024 * 1024 + 1, { etag }, big));
  await download({ tries: 2 });
  expect(there().equals(big)).toBe(true);
});

test('a server that falls silent is asked again after the time allowed', async () => {
  server.script(serve(file, { etag, stallAfter: 100_000 }), serve(file, { etag }));
  await download({ stallTimeoutMs: 150 });
  expect(there().equals(file)).toBe(true);
  expect(server.asked[1]).toContain('bytes=100000-');
});

test('a server that never answers, or always falls silent, ends with the name of the limit', async () => {
  server.script(() => undefined);
  await expect(download({ stallTimeoutMs: 50, tries: 2 })).rejects.toMatchObject({ code: 'STALLED', facts: { limitMs: 50 } });
  server.script(serve(file, { stallAfter: 10 }));
  await expect(download({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a body that drips is a stall where a least speed is asked for, and only there', async () => {
  const drip: Answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '30' });
    let dripping = 30;
    const timer = setInterval(() => ((dripping -= 1) > 0 ? response.write('x') : (clearInterval(timer), response.end('x'))), 10);
    response.once('close', () => clearInterval(timer));
  };
  server.script(drip);
  await expect(download({ stallTimeoutMs: 100, minBytesPerSecond: 1_000, tries: 1 })).rejects.toMatchObject({ code: 'STALLED', facts: { neededBytes: 100 } });
  await download({ stallTimeoutMs: 100 });
  expect(there()).toHaveLength(30);
});

test('wrong bytes are refused and nothing is left', async () => {
  server.script(serve(bytesOf(300_000, 3)));
  await expect(download({ expected })).rejects.toMatchObject({ code: 'DOWNLOAD_MISMATCH', facts: { expected: expected.sha256 } });
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test('a SHA-1, where the publisher tells nothing else, is compared as well', async () => {
  server.script(serve(file));
  await expect(download({ expected: { sha1: 'a'.repeat(40) } })).rejects.toMatchObject({ code: 'DOWNLOAD_MISMATCH' });
  await expect(download({ expected: { sha1: createHash('sha1').update(file).digest('hex').toUpperCase() } })).resolves.toMatchObject({ bytes: file.length });
});

test('another length than expected is refused before a byte of the body is read', async () => {
  server.script(serve(file));
  const progress: number[] = [];
  await expect(download({ expected: { bytes: 5 }, onProgress: ({ bytes }) => progress.push(bytes) })).rejects.toMatchObject({ code: 'DOWNLOAD_MISMATCH' });
  expect(progress).toEqual([]);
});

test('a length that was too small, or too large, is found out', async () => {
  server.script(serve(file, { headers: { 'content-length': '1000' } }));
  await expect(download({ expected: { sha256: expected.sha256 } })).rejects.toMatchObject({ code: 'DOWNLOAD_MISMATCH' });
  server.script(serve(file, { headers: { 'content-length': '400000' }, stallAfter: 300_000 }));
  await expect(download({ stallTimeoutMs: 100, tries: 2 })).rejects.toMatchObject({ code: 'STALLED' });
  expect(scratch.tree(scratch.path())).not.toContain('model.bin');
});

test('a limit of size holds for the length that is told, and for what comes when none is told', async () => {
  server.script(serve(file));
  await expect(download({ maxBytes: 1000 })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  server.script(serve(file), serve(file, { noLength: true }));
  await expect(download({ maxBytes: 1000 })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test('an abort ends it at once; what has arrived stays for the next call', async () => {
  server.script(serve(file, { etag, stallAfter: 100_000 }), serve(file, { etag }));
  const control = new AbortController();
  await expect(download({ signal: control.signal, onProgress: ({ bytes }) => void (bytes === 100_000 && control.abort()) })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(left()).toEqual(['.model.bin.part', '.model.bin.part.json']);
  await download();
  expect(server.asked[1]).toContain('bytes=100000-');
  expect(there().equals(file)).toBe(true);
  expect(left()).toEqual([]);
});

test('a killed process leaves what the next one goes on with', async () => {
  server.script(serve(file, { etag, stallAfter: 200_000 }), serve(file, { etag }));
  const child = startChild('fetch-slowly', [server.url(), scratch.path('model.bin')]);
  while ((await child.next() as { bytes: number }).bytes < 200_000);
  await child.kill();
  await download();
  expect(server.asked).toEqual(['GET /file', `GET /file bytes=200000- ${etag}`]);
  expect(there().equals(file)).toBe(true);
  expect(left()).toEqual([]);
});

test('a part file that is whole already is only compared', async () => {
  writeFileSync(scratch.path('.model.bin.part'), file);
  await download({ expected });
  expect(server.asked).toEqual([]);
  expect(there().equals(file)).toBe(true);
});

test.each([['longer than the file', bytesOf(400_000)], ['of other bytes', bytesOf(300_000, 9)]])('a part file that is %s is thrown away', async (_kind, bytes) => {
  writeFileSync(scratch.path('.model.bin.part'), bytes);
  server.script(serve(file));
  await download({ expected });
  expect(there().equals(file)).toBe(true);
});

test('a file that has become shorter than what is there answers 416 and is taken from its start', async () => {
  const short = bytesOf(50_000, 4);
  server.script(cut(100_000, { etag }), refuse(416, { 'content-range': 'bytes */50000' }), serve(short));
  await download();
  expect(there().equals(short)).toBe(true);
});

test('a link in place of the part file is not written through', async () => {
  writeFileSync(scratch.path('precious'), 'precious');
  symlinkSync(scratch.path('precious'), scratch.path('.model.bin.part'));
  server.script(serve(file));
  await expect(download()).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(readFileSync(scratch.path('precious'), 'utf8')).toBe('precious');
});

test('where there is no room, that is said before a byte is read', async () => {
  server.script(serve(file));
  await expect(download({ reserveBytes: 1e18 })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(scratch.tree(scratch.path())).toEqual([]);
});

test.runIf(isRoot)('a disk that becomes full in the middle is named, and nothing stays on it', async () => {
  const disk = scratch.tmpfs('small', 'size=256k');
  server.script(serve(file, { noLength: true }));
  await expect(download({ target: `${disk}/model.bin` })).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(scratch.tree(disk)).toEqual([]);
});

test.each([
  ['urls', { urls: [] }], ['urls', { urls: ['ftp://x/y'] }], ['urls', { urls: ['nonsense'] }], ['target', { target: '' }], ['tries', { tries: 0 }], ['expected.sha256', { expected: { sha256: 'abc' } }], ['maxBytes', { maxBytes: -1 }],
])('a wrong `%s` is refused', async (option, wrong) => {
  await expect(download(wrong)).rejects.toMatchObject({ code: 'INVALID_OPTION', facts: { option } });
});

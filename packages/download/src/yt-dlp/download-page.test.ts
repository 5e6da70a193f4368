import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDownloader, qualities, type Downloaded, type DownloaderOptions, type DownloadOptions } from '@media-jobs/download';
import { afterAll, expect, test } from 'vitest';
import { useFolders } from '../testing/folders.ts';
import { endServersAfterAll, give, startServer } from '../testing/media-server.ts';
import { scriptYtDlp, type ScriptedYtDlp } from '../testing/scripted-yt-dlp.ts';

const folders = useFolders();
endServersAfterAll();
const page = 'https://www.youtube.com/watch?v=dQw4w9WgXcQ';
const programs: ScriptedYtDlp[] = [];
afterAll(() => expect(programs.flatMap((program) => program.survivors())).toEqual([]));

function scripted(body: string): ScriptedYtDlp {
  const program = scriptYtDlp(folders.fresh(), body);
  programs.push(program);
  return program;
}

function download(body: string, options: DownloaderOptions = {}, { folder = folders.fresh(), ...request }: Partial<DownloadOptions> = {}, url = page): Promise<Downloaded> {
  return createDownloader({ allowedNetworks: ['127.0.0.1/32'], reserveBytes: 0, ytDlp: scripted(body).command, ...options }).download(url, { folder, ...request });
}

test('an honest one gives one file under our name, its title, and progress over picture and sound together', async () => {
  const folder = folders.fresh();
  const ratios: (number | null)[] = [];
  const body = `
    say('MJ-INFO ' + JSON.stringify({ id: 'dQw4w9WgXcQ', title: 'A / "talk"', extractor_key: 'Youtube' }));
    say('MJ-PARTS ["137","251"]');
    for (const [got, total] of [[50, 100], [100, 100], [20, 40], [40, 'NA']]) say('MJ-PROGRESS ' + got + ' ' + total);
    out('media.webm', 5000);`;
  const got = await download(body, {}, { folder, onProgress: ({ ratio }) => ratios.push(ratio) });
  expect(got).toMatchObject({ path: join(folder, 'media.webm'), bytes: 5_000, mediaType: 'video/webm', via: 'yt-dlp', source: 'youtube:dQw4w9WgXcQ', title: 'A / "talk"' });
  expect([folders.names(folder), ratios]).toEqual([['media.webm'], [0.25, 0.5, 0.75, null]]);
});

test.each(qualities)('the quality %s becomes a choice of formats, and nothing of the machine has a say', async (quality) => {
  const program = scripted(`fs.writeFileSync(folder + '/env.json', JSON.stringify(process.env)); out('media.mp4', 10); fs.renameSync(folder + '/env.json', folder + '/../../env-${quality}.json');`);
  process.env['HTTPS_PROXY'] = 'http://elsewhere.test';
  await createDownloader({ ytDlp: program.command, reserveBytes: 0 }).download(page, { folder: folders.fresh(), quality });
  delete process.env['HTTPS_PROXY'];
  const args = program.args();
  const format = args[args.indexOf('--format') + 1] ?? '';
  expect(format).toMatch({ best: /^bv\*\+ba\/b$/, worst: /^wv/, '720p': /height<=720/, '480p': /height<=480/, '360p': /height<=360/, audio: /^ba\[acodec=opus\]/ }[quality]);
  expect(args.slice(-2)).toEqual(['--', page]);
  expect(args).toEqual(expect.arrayContaining(['--ignore-config', '--no-cache-dir', '--no-playlist', 'default,-generic']));
  const { HOME, HTTPS_PROXY } = (await import(join(folders.root, `env-${quality}.json`), { with: { type: 'json' } }) as { default: NodeJS.ProcessEnv }).default;
  expect([HOME?.startsWith(folders.root), HTTPS_PROXY]).toEqual([true, undefined]);
});

test('a page that is no media file is left to it, and a page without it says what is missing', async () => {
  const server = await startServer([give('<html>', { 'content-type': 'text/html' })]);
  const folder = folders.fresh();
  expect((await download(`out('media.mp3', 10);`, {}, { folder }, server.url('/watch'))).via).toBe('yt-dlp');
  expect(folders.names(folder)).toEqual(['media.mp3']);
  await expect(download('', { ytDlp: 'no-such-yt-dlp' })).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
  await expect(download('', { ytDlp: false })).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
});

test.each([
  ['that hangs', 'await sleep(1e6);', 'STALLED'],
  ['that hangs after its first bytes', `out('media.mp4.part', 10); await sleep(1e6);`, 'STALLED'],
  ['that talks without doing anything', `for (;;) { say('MJ-PROGRESS 1 100'); await sleep(5); }`, 'STALLED'],
  ['that ignores a wish to end', `process.on('SIGTERM', () => undefined); await sleep(1e6);`, 'STALLED'],
])('one %s is ended, and nothing of it stays', async (_what, body, code) => {
  const folder = folders.fresh();
  await expect(download(body, { stallTimeoutMs: 300 }, { folder })).rejects.toMatchObject({ code });
  expect(folders.names(folder)).toEqual([]);
}, 20_000);

test('400 MB of talk are read, not kept', async () => {
  const before = process.memoryUsage().rss;
  await download(`for (let line = 0; line < 2000; line += 1) { say('x'.repeat(100000)); fs.writeSync(2, 'y'.repeat(100000) + '\\n'); } out('media.mp4', 10);`);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
});

test.each([
  ['no file', `say('[download] 100% of 10MiB');`],
  ['a file without a byte', `out('media.mp4', 0);`],
  ['a link to a file of the machine', `fs.symlinkSync('/etc/passwd', folder + '/media.mp4');`],
  ['a folder of that name', `fs.mkdirSync(folder + '/media.mp4');`],
  ['two files', `out('media.mp4', 10); out('media.m4a', 10);`],
  ['a file elsewhere', `fs.writeFileSync(folder + '/../elsewhere.mp4', 'x'); say('Destination: ' + folder + '/../elsewhere.mp4'); fs.unlinkSync(folder + '/../elsewhere.mp4');`],
  ['a file under another name', `out('evil.sh', 10);`],
])('one that calls %s a success is not believed', async (_what, body) => {
  const folder = folders.fresh();
  await expect(download(body, {}, { folder })).rejects.toMatchObject({ code: 'EMPTY_OUTPUT' });
  expect(folders.names(folder)).toEqual([]);
});

test.each([
  ['by its own word', `say('MJ-PROGRESS 2000 9000'); await sleep(1e6);`],
  ['on the disk, whatever it says', `out('media.mp4.part', 5000); await sleep(1e6);`],
  ['when it has ended', `out('media.mp4', 1500);`],
  ['and passes over the file in silence', `say('[download] File is larger than max-filesize (9000 bytes > 1000 bytes). Aborting.');`],
])('a video that is too large %s is refused', async (_what, body) => {
  const folder = folders.fresh();
  await expect(download(body, { maxBytes: 1_000, stallTimeoutMs: 800 }, { folder })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  expect(folders.names(folder)).toEqual([]);
});

test.each([
  ['ERROR: [youtube] abc: Private video. Sign in if you have been granted access', 'DOWNLOAD_REFUSED', 'permanent'],
  ['ERROR: [youtube] abc: Video unavailable. This video has been removed by the uploader', 'DOWNLOAD_REFUSED', 'permanent'],
  ['ERROR: [vimeo] 1: Unable to download webpage: HTTP Error 404: Not Found', 'DOWNLOAD_REFUSED', 'permanent'],
  ['ERROR: Unsupported URL: http://media.test/', 'UNSUPPORTED_FORMAT', 'permanent'],
  ['ERROR: unable to download video data: HTTP Error 429: Too Many Requests', 'DOWNLOAD_OVERLOADED', 'overload'],
  ['ERROR: [youtube] abc: Unable to download API page: HTTP Error 503: Service Unavailable', 'DOWNLOAD_UNAVAILABLE', 'transient'],
  ['ERROR: unable to download video data: <urlopen error [Errno 110] Connection timed out>', 'DOWNLOAD_UNAVAILABLE', 'transient'],
  ['yt-dlp: error: no such option: --use-extractors', 'PROGRAM_UNFIT', 'permanent'],
  ['ERROR: something that nobody has seen yet', 'PROGRAM_FAILED', 'transient'],
])('%s', async (line, code, errorClass) => {
  const failure = download(`fs.writeSync(2, 'WARNING: HTTP Error 500\\n'); complain(${JSON.stringify(line)});`);
  await expect(failure).rejects.toMatchObject({ code, class: errorClass });
});

test('its connections go through a guard: an address inside is refused, whatever it calls that, and nobody there is asked', async () => {
  const server = await startServer([give('x')]);
  const inside = await startServer([give('secret')], { host: '127.0.0.2' });
  const body = (url: string): string => `const status = await get('${url}'); if (status !== '200') complain('ERROR: HTTP Error 503: proxy said ' + status); out('media.mp4', 10);`;
  await download(body(server.url()));
  expect(server.asked).toEqual(['/talk.mp4']);
  await expect(download(body(inside.url()))).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { address: '127.0.0.2' } });
  const resolveHost: NonNullable<DownloaderOptions['resolveHost']> = (_name, _options, callback) => callback(null, [{ address: '127.0.0.2', family: 4 }]);
  await expect(download(body(`http://media.test:${inside.port}/`), { resolveHost })).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', facts: { hostname: 'media.test' } });
  expect(inside.asked).toEqual([]);
});

test('the guard is for it alone: who does not know the password gets nowhere', async () => {
  const server = await startServer([give('x')]);
  const body = `process.argv[process.argv.length - 1]; args[args.indexOf('--proxy') + 1] = value('--proxy').replace(/:[0-9a-f]+@/, ':guess@'); complain('status ' + await get('${server.url()}'));`;
  await expect(download(body)).rejects.toMatchObject({ code: 'PROGRAM_FAILED', facts: { stderrTail: expect.stringContaining('status 407') } });
  expect(server.asked).toEqual([]);
});

test('an abort ends it within a second, with all that it started', async () => {
  const mark = join(folders.root, 'started');
  const body = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => 0, 1e6)']); fs.writeFileSync(${JSON.stringify(mark)}, ''); await sleep(1e6);`;
  const control = new AbortController();
  const folder = folders.fresh();
  const aborted = download(body, {}, { folder, signal: control.signal });
  aborted.catch(() => undefined);
  while (!existsSync(mark)) await new Promise((resolve) => void setTimeout(resolve, 10));
  const began = performance.now();
  control.abort(new Error('enough'));
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  expect([performance.now() - began < 1_000, folders.names(folder)]).toEqual([true, []]);
});

test('its health is its version; one that nobody asked for by name may be missing', async () => {
  const { signal } = new AbortController();
  const health = (ytDlp?: string) => createDownloader(ytDlp === undefined ? {} : { ytDlp }).healthChecks[0]?.check(signal);
  expect(await health(scripted('').command)).toEqual({ ok: true, detail: '2026.11.01' });
  expect(await health('no-such-yt-dlp')).toMatchObject({ ok: false, advice: expect.any(String) });
  writeFileSync(join(folders.root, 'no-program'), '');
  expect((await health())?.ok).toBe(true);
});

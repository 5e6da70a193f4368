import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createMediaJobs, createMemoryStore, type JobEvent } from '@media-jobs/core';
import { createDownloader, downloadOperation } from '@media-jobs/download';
import { expect, test } from 'vitest';
import { useFolders } from './testing/folders.ts';
import { endServersAfterAll, give, serveFile, startServer, type Answer } from './testing/media-server.ts';
import { scriptYtDlp } from './testing/scripted-yt-dlp.ts';

const folders = useFolders();
endServersAfterAll();
const file = randomBytes(100_000);

async function open(ytDlp: string | false = false) {
  const workFolder = folders.fresh();
  const downloader = createDownloader({ allowedNetworks: ['127.0.0.1/32'], reserveBytes: 0, random: () => 0, tries: 1, ytDlp });
  const jobs = await createMediaJobs({ operations: [downloadOperation({ downloader })], store: createMemoryStore(), workFolder, diskReserveBytes: 0, random: () => 0 });
  return { jobs, workFolder, left: () => folders.names(workFolder).filter((name) => /media\.|\.part/.test(name)), [Symbol.asyncDispose]: () => jobs[Symbol.asyncDispose]() };
}

test('a job of `download` gives its one file, and tells how far it is', async () => {
  await using bench = await open();
  const server = await startServer([serveFile(file)]);
  const job = await bench.jobs.submit('download', { url: server.url() });
  const events: JobEvent[] = [];
  for await (const event of job.events()) events.push(event);
  expect(await job.result()).toMatchObject({ file: 'media.mp4', bytes: 100_000, mediaType: 'video/mp4', via: 'direct', source: null });
  const { 'media.mp4': media } = await job.files();
  expect(readFileSync(media?.path ?? '').equals(file)).toBe(true);
  expect(events.at(-1)).toMatchObject({ state: 'completed', progress: 1 });
});

test('its identity is the address in its one spelling, and the quality', async () => {
  const program = scriptYtDlp(folders.fresh(), `out('media.mp4', 10);`);
  await using bench = await open(program.command);
  const id = async (url: string, quality?: 'audio') => (await bench.jobs.submit('download', { url, ...(quality === undefined ? {} : { quality }) })).id;
  const first = await id('https://youtu.be/dQw4w9WgXcQ?t=5');
  expect(await id('dQw4w9WgXcQ')).toBe(first);
  expect(await id('https://m.youtube.com/watch?app=m&v=dQw4w9WgXcQ#a')).toBe(first);
  expect(await id('dQw4w9WgXcQ', 'audio')).not.toBe(first);
  expect(await id('dQw4w9WgXcR')).not.toBe(first);
});

test('what is for ever fails at once, and what may pass is tried again', async () => {
  await using bench = await open();
  const gone = await startServer([give('no', {}, 404)]);
  const job = await bench.jobs.submit('download', { url: gone.url() });
  await expect(job.result()).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
  expect([(await job.record()).attempts, gone.asked.length]).toEqual([1, 1]);
  const moody = await startServer([give('later', {}, 500), give('later', {}, 502), serveFile(file)]);
  const second = await bench.jobs.submit('download', { url: moody.url() });
  expect((await second.result()).bytes).toBe(100_000);
  expect((await second.record()).attempts).toBe(3);
});

test('an attempt goes on where the one before was cut off, and nothing unfinished stays', async () => {
  await using bench = await open();
  const server = await startServer([serveFile(file, { cutAfter: 60_000 }), serveFile(file)]);
  const job = await bench.jobs.submit('download', { url: server.url() });
  await job.result();
  expect([(await job.record()).attempts, server.asked]).toEqual([2, ['/talk.mp4', '/talk.mp4 bytes=60000-']]);
  expect(readFileSync((await job.files())['media.mp4']?.path ?? '').equals(file)).toBe(true);
  expect(bench.left().map((name) => name.split('/').at(-1))).toEqual(['media.mp4']);
});

test.each(['file:///etc/passwd', 'http://user:secret@media.test/', 'no url', ''])('%s is refused before a job is made', async (url) => {
  await using bench = await open();
  await expect(bench.jobs.submit('download', { url })).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.not.stringContaining('secret') });
  expect((await bench.jobs.list()).jobs).toEqual([]);
});

test('a cancel ends the transfer, and nothing of it stays', async () => {
  await using bench = await open();
  const asked = Promise.withResolvers<void>();
  const stop: Answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': '100000' }).write(file.subarray(0, 1_000));
    asked.resolve();
  };
  const server = await startServer([stop]);
  const job = await bench.jobs.submit('download', { url: server.url() });
  await asked.promise;
  await job.cancel();
  expect((await job.wait()).state).toBe('cancelled');
  await expect.poll(() => bench.left()).toEqual([]);
});

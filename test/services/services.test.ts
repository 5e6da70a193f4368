import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { serviceList } from '../../scripts/services/service-list.ts';
import { startServices, type Fleet } from '../../scripts/services/start-services.ts';
import { keepLook, openBrowser } from '../browser/support/open-browser.ts';
import { filesBelow, processesOf, untilEmpty } from '../command/leftovers.ts';
import { fixtureModel, talk } from '../command/run-command.ts';
import { factoryReset, followUntil, getJson, postJson, waitForEnd, type AnsweredJob } from './support/ask-services.ts';
import { openFilmServer, type FilmServer } from './support/film-server.ts';
import { makeGatedFfmpeg } from './support/gated-ffmpeg.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const expected = readFileSync(fileURLToPath(new URL('../../fixtures/expected.json', import.meta.url)), 'utf8');
const { words } = (JSON.parse(expected) as { 'talk.mp4': { words: string[] } })['talk.mp4'];
const folder = mkdtempSync(join(tmpdir(), 'media-jobs-services-'));
const ffmpeg = makeGatedFfmpeg(folder);
const names = serviceList.map(({ name }) => name);
const pids = new Set<number>();
let fleet: Fleet;
let films: FilmServer;

beforeAll(async () => {
  films = await openFilmServer();
  fleet = await startServices({ folder, environment: (name) => ({ WHISPER_MODEL: fixtureModel, ALLOWED_NETWORKS: '127.0.0.0/8', ADMIN_TOKEN: '', LOG_LEVEL: 'info', FFMPEG_PATH: ffmpeg.pathOf(name) }) });
  for (const name of names) pids.add(fleet.processOf(name).pid);
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await films[Symbol.asyncDispose]();
  expect(names.map((name) => fleet.processOf(name).hasEnded())).toEqual([true, true, true, true]);
  expect(await untilEmpty(() => [...pids].flatMap(processesOf))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const home = (): string => fleet.url('orchestrator');
const wordsOf = (job: AnsweredJob): readonly string[] | undefined => job.transcription_text?.split(/\s+/);

async function process(name: string): Promise<AnsweredJob> {
  const { status, answer } = await postJson(`${home()}/jobs?operation=process`, { url: films.url(name) });
  expect([status, answer.error]).toEqual([202, null]);
  return answer;
}

/** What each service has run so far. */
const attempts = async (): Promise<readonly number[]> => Promise.all(names.map(async (name) => {
  const { jobs } = await getJson<{ readonly jobs: readonly { readonly attempts: number }[] }>(`${fleet.url(name)}/jobs?limit=200`);
  return jobs.reduce((sum, job) => sum + job.attempts, 0);
}));

test('the address of a video becomes the right words and captions, step by step, in four processes', async () => {
  // A quick machine is done with a step before anybody looks: the film is held back until somebody does.
  using halt = films.halt();
  const job = await process('first.mkv');
  const following = followUntil(home(), job.id, () => false);
  await followUntil(home(), job.id, (phase) => phase.startsWith('download:'));
  halt[Symbol.dispose]();
  const phases = await following;
  expect([...new Set(phases.filter((phase) => phase.includes(':')).map((phase) => phase.split(':')[0]))]).toEqual(['download', 'normalization', 'transcription']);
  const done = await waitForEnd(home(), job.id);
  expect([done.error, wordsOf(done)]).toEqual([null, words]);
  const captions = await (await fetch(`${home()}${done.transcription_file}`)).text();
  expect(captions).toMatch(/^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\nhello world/);
  expect((await fetch(`${home()}${done.audio_file}`)).headers.get('content-type')).toBe('audio/wav');
  expect(done).toMatchObject({ job_id: job.id, overall_progress: 100, stages: { download: { status: 'completed' }, normalization: { status: 'completed' }, transcription: { status: 'completed' } } });
});

test('the same video again is answered from the cache, and where the orchestrator has forgotten it, from those of the steps', async () => {
  const before = await attempts();
  const again = await postJson(`${home()}/jobs?operation=process`, { url: films.url('first.mkv') });
  expect([again.status, again.answer.cached, wordsOf(again.answer)]).toEqual([200, true, words]);
  expect([await attempts(), films.requests('first.mkv')]).toEqual([before, 1]);
  await postJson(`${home()}/admin/cleanup`, { deep: true });
  const anew = await waitForEnd(home(), (await process('first.mkv')).id);
  expect(wordsOf(anew)).toEqual(words);
  // The orchestrator asked again; the three others had it all.
  expect([(await attempts()).slice(0, 3), films.requests('first.mkv')]).toEqual([before.slice(0, 3), 1]);
});

test('clients of the original are understood: process, normalize, download, and what they ask for below a job', async () => {
  const empty = await postJson(`${home()}/process`);
  const misspelt = await postJson(`${home()}/process`, { url: films.url('first.mkv') });
  expect([empty.status, misspelt.status]).toEqual([422, 422]);
  const asked = await postJson(`${home()}/process`, { youtube_url: films.url('first.mkv'), language: 'auto', remove_noise: false, convert_to_mono: true, apply_highpass_filter: true, set_sample_rate_16k: true });
  expect([asked.status, asked.answer]).toMatchObject([200, { youtube_url: films.url('first.mkv'), transcription_segments: [{ duration: expect.any(Number) }, {}] }]);
  const form = new FormData();
  for (const name of ['remove_noise', 'highpass']) form.append('operations[]', name);
  form.set('file', new Blob([readFileSync(talk)]), 'talk.mp4');
  const normalized = (await (await fetch(`${fleet.url('audio-normalization')}/normalize`, { method: 'POST', body: form })).json()) as AnsweredJob;
  expect(await waitForEnd(fleet.url('audio-normalization'), normalized.id)).toMatchObject({ status: 'completed', options: { remove_noise: true, apply_highpass_filter: true }, filename: 'talk.mp4', output_file: expect.stringContaining('speech.wav') });
  const downloaded = await postJson(`${fleet.url('video-downloader')}/download`, { url: films.url('first.mkv'), quality: 'audio' });
  expect([downloaded.status, downloaded.answer.cached]).toEqual([200, true]);
  const { jobs } = await getJson<{ readonly jobs: readonly AnsweredJob[] }>(`${fleet.url('audio-transcriber')}/jobs?limit=1`);
  const below = `${fleet.url('audio-transcriber')}/jobs/${jobs[0]?.id}`;
  expect(await getJson(`${below}/text`)).toEqual({ text: words.join(' ') });
  expect(await getJson(`${below}/transcription`)).toMatchObject({ full_text: words.join(' '), total_segments: 2, was_translated: false });
});

const workers: Readonly<Record<string, string>> = { download: 'video-downloader', normalization: 'audio-normalization', transcription: 'audio-transcriber' };

/** Which service is killed, and at which step. `npm run test:services` tries all. */
const kills = names.flatMap((name) => Object.keys(workers).map((step) => [name, step] as const));
const chosen = globalThis.process.env['SERVICES'] === 'whole' ? kills : kills.filter(([name, step]) => name === 'audio-transcriber' && step === 'transcription');

test.each(chosen)('%s is killed at the %s and started again, and the words are right all the same', async (name, step) => {
  using halt = step === 'download' ? films.halt() : ffmpeg.halt(workers[step] ?? '');
  const job = await process(`${name}-${step}.mkv`);
  // Not before the service itself is at work.
  await followUntil(home(), job.id, (phase) => phase.startsWith(`${step}:`) && !/waiting|starting|sending/.test(phase));
  await fleet.stop(name, 'SIGKILL');
  await fleet.start(name);
  halt[Symbol.dispose]();
  pids.add(fleet.processOf(name).pid);
  const done = await waitForEnd(home(), job.id, 90_000);
  expect([done.status, done.error, wordsOf(done)]).toEqual(['completed', null, words]);
  if (name === workers[step] || name === 'orchestrator') expect(fleet.processOf(name).log()).toContain('Jobs had lost their worker');
});

test('the page of the orchestrator takes an address, shows each step, and plays the sound beside the words', async () => {
  await using browser = await openBrowser();
  await using visit = await browser.open(`${home()}/`);
  const { page, wrong } = visit;
  await page.getByLabel('Address of the media').fill(films.url('page.mkv'));
  await page.locator('#submit').click();
  await page.locator('.steps li').nth(2).waitFor();
  expect(await page.locator('.steps li').evaluateAll((steps) => steps.map(({ firstChild }) => firstChild?.textContent))).toEqual(['Download', 'Normalization', 'Transcription']);
  await page.locator('.job .chip[data-state="completed"]').waitFor();
  await page.locator('audio').waitFor();
  expect((await page.locator('.said').allTextContents()).join(' ').split(/\s+/)).toEqual(words);
  expect(await page.locator('.steps li[data-state="done"]').count()).toBe(3);
  // Its steps are jobs as well, shown to whoever asks for them.
  await page.locator('.open', { hasText: '/page.mkv' }).waitFor();
  // The first video, those of the kills, and this one; ten a page.
  expect(await page.locator('.job-row').count()).toBe(Math.min(10, chosen.length + 2));
  await page.getByLabel('Which jobs').selectOption('');
  await page.locator('.open', { hasText: 'speech.wav' }).first().waitFor();
  await page.getByRole('button', { name: 'Reset…' }).click();
  await page.locator('#reset-others', { hasText: 'video-downloader, audio-normalization, audio-transcriber' }).waitFor();
  await page.keyboard.press('Escape');
  await keepLook(page, 'orchestrator-1280');
  expect(wrong).toEqual([]);
});

test('a factory reset reports the service that is down, and empties the others', async () => {
  await fleet.stop('audio-normalization', 'SIGKILL');
  const answer = await factoryReset(home());
  expect([answer.ok, answer.self.ok]).toEqual([false, true]);
  expect(answer.message).toContain('audio-normalization (unreachable)');
  expect(answer.services).toMatchObject({ 'video-downloader': { status: 'success' }, 'audio-normalization': { status: 'unreachable', error: expect.stringContaining('ECONNREFUSED') }, 'audio-transcriber': { status: 'success' } });
  await fleet.start('audio-normalization');
  pids.add(fleet.processOf('audio-normalization').pid);
});

test('a factory reset empties all four, in Redis and on disk, and reports each', async () => {
  const job = await process('last.mkv');
  await waitForEnd(home(), job.id);
  const answer = await factoryReset(home());
  expect(answer).toMatchObject({ ok: true, self: { redisFlushed: true } });
  expect(answer.self.jobsRemoved).toBe(4);
  for (const name of names.slice(0, 3)) expect(answer.services[name]).toMatchObject({ status: 'success', report: { self: { redisFlushed: true } } });
  for (const { name, divisor } of serviceList) {
    expect(await getJson(`${fleet.url(name)}/jobs`)).toEqual({ jobs: [] });
    expect(filesBelow(join(folder, name, 'jobs'))).toEqual([]);
    const redis = new Redis(`${fleet.redisUrl}/${divisor}`);
    expect((await redis.keys('*')).filter((key) => !/:(?:epoch|eras|settings|cancels)$/.test(key))).toEqual([]);
    redis.disconnect();
  }
});

import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createFfmpeg } from '@media-jobs/ffmpeg';
import { createWhisper, transcribe, type Whisper } from '@media-jobs/whisper';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { say } from '../testing/sample-operations.ts';
import { leftFolders, openService, type OpenService } from '../testing/open-service.ts';

const place = (name: string): string => fileURLToPath(new URL(`../../../../fixtures/${name}`, import.meta.url));
const words = 'hello world media job done start video';
const token = 'ada-ada-ada-ada-ada';

let whisper: Whisper;
let service: OpenService;
let client: OpenAI;

const talk = () => createReadStream(place('talk.mp4'));
const failure = async (call: Promise<unknown>): Promise<APIError> => call.then(() => expect.fail('It should have been refused.'), (error: unknown) => error as APIError);

beforeAll(async () => {
  whisper = await createWhisper({ model: place('twenty-words.en.ggml.bin'), keepAliveMs: 30_000 });
  service = await openService({ operations: [transcribe({ whisper, speech: createFfmpeg() }), say], http: { clients: [{ name: 'ada', token }] } });
  client = new OpenAI({ apiKey: token, baseURL: `${service.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await whisper[Symbol.asyncDispose]();
  expect(leftFolders()).toEqual([]);
});

test('its streaming mode tells the words while they are heard, and all of them at the end', async () => {
  const stream = await client.audio.transcriptions.create({ file: talk(), model: 'whisper-1', stream: true });
  const events = await Array.fromAsync(stream);
  expect(events.length).toBeGreaterThan(1);
  const heard = events.flatMap((event) => (event.type === 'transcript.text.delta' ? [event.delta] : [])).join('');
  expect(heard).toContain(words);
  expect(events.at(-1)).toMatchObject({ type: 'transcript.text.done', text: expect.stringContaining(words) as string });
});

test('the client of OpenAI gets the words in every format that it can ask for', async () => {
  const ask = async (response_format: 'json' | 'text' | 'srt' | 'vtt'): Promise<unknown> => client.audio.transcriptions.create({ file: talk(), model: 'whisper-1', response_format });
  expect(await ask('json')).toMatchObject({ text: expect.stringContaining(words) as string });
  expect(await ask('text')).toContain('media');
  expect(await ask('srt')).toMatch(/^1\n00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}\n/);
  expect(await ask('vtt')).toMatch(/^WEBVTT\n/);
  const verbose = await client.audio.transcriptions.create({ file: talk(), model: 'whisper-1', response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] });
  expect(verbose).toMatchObject({ language: 'english', duration: expect.any(Number) as number, text: expect.stringContaining(words) as string });
  expect(verbose.segments?.[0]).toMatchObject({ id: 0, start: expect.any(Number) as number, avg_logprob: expect.any(Number) as number });
  expect(verbose.words?.map(({ word }) => word)).toEqual(expect.arrayContaining(['hello', 'world']));
  // One file, one set of options: one job.
  expect((await service.jobs.list({ operation: 'transcribe' })).jobs).toHaveLength(1);
});

test.each([
  ['a model that is not there', { model: 'gpt-4o-transcribe' }, 422, 'model'],
  ['a temperature', { temperature: 0.4 }, 422, 'temperature'],
  ['a format that is none', { response_format: 'docx' as never }, 422, 'response_format'],
  ['words without the format that has them', { timestamp_granularities: ['word' as const] }, 422, 'timestamp_granularities'],
  ['probabilities', { include: ['logprobs' as const] }, 422, 'include[]'],
  ['a language that the model cannot', { language: 'pt' }, 422, null],
])('%s is refused in the form that its client reads, never ignored', async (_what, options, status, param) => {
  const error = await failure(client.audio.transcriptions.create({ file: talk(), model: 'whisper-1', ...options }));
  expect(error).toBeInstanceOf(APIError);
  expect([error.status, error.param]).toEqual([status, param]);
  expect(error.message).toMatch(/Expected /);
});

test('a translation by a model that has English only is refused by name, a wrong key as well', async () => {
  const translated = await client.audio.translations.create({ file: talk(), model: 'whisper-1' }).then((answer) => answer.text, (error: unknown) => (error as APIError).code);
  expect(['UNSUPPORTED_LANGUAGE', expect.stringContaining(words) as string]).toContainEqual(translated);
  const stranger = new OpenAI({ apiKey: 'nobody', baseURL: `${service.url}/v1`, maxRetries: 0 });
  expect(await failure(stranger.audio.transcriptions.create({ file: talk(), model: 'whisper-1' }))).toMatchObject({ status: 401, type: 'authentication_error' });
});

test('a file that is no media is refused with its code, and a request without one too', async () => {
  const error = await failure(client.audio.transcriptions.create({ file: createReadStream(fileURLToPath(import.meta.url)), model: 'whisper-1' }));
  expect([error.status, error.code]).toEqual([415, 'UNSUPPORTED_FORMAT']);
  const empty = await service.post('/v1/audio/transcriptions', {}, { headers: { authorization: `Bearer ${token}` } });
  expect([empty.status, await empty.json()]).toMatchObject([400, { error: { type: 'invalid_request_error', code: 'BAD_REQUEST' } }]);
});

test('a service that cannot transcribe has no such path', async () => {
  await using plain = await openService({ operations: [say] });
  expect((await plain.post('/v1/audio/transcriptions', {})).status).toBe(404);
});

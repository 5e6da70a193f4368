import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMediaJobs, createMemoryStore, type Job, type MediaJobs, type SpeechSource } from '@media-jobs/core';
import { ownerId, processesOf } from '@media-jobs/process';
import { beforeAll, describe, expect, test } from 'vitest';
import { createWhisper as create, transcribe, type Whisper, type WhisperOptions } from '@media-jobs/whisper';
import { openWav } from './wav/open-wav.ts';
import { writeScriptedModel } from './testing/scripted-model.ts';
import { tone, wavBytes } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';

const folder = testFolder();
/** With the engine that needs no compiler; what holds for every engine is in the conformance suite. */
const createWhisper = (options: WhisperOptions): Promise<Whisper> => create({ engine: 'addon-child', ...options });
const model = writeScriptedModel(join(folder, 'scripted.bin'), { segments: [{ start: 0, end: 1, text: ' one' }, { start: 1.5, end: 2.5, text: ' & two' }] });
const audioInfo = { format: 'wav', codec: 'pcm_s16le', sampleRate: 16_000, channels: 1, bytes: 1 };
let file = '';

beforeAll(async () => {
  file = await tone(folder, 'tone', 3);
});

/** Takes files that are speech already. */
const speech: SpeechSource = {
  async open(source, { folder: into, waveform, onProgress, onTimeLimit }) {
    onTimeLimit?.(60_000);
    onProgress?.(0.5);
    const wavFile = join(into, 'speech.wav');
    await copyFile(source, wavFile);
    if (waveform === true) await writeFile(join(into, 'picture.png'), 'a picture');
    await using wav = await openWav(wavFile);
    return { wavFile, durationSeconds: wav.format.durationSeconds, audioInfo, warnings: ['from the source'], ...(waveform === true ? { waveformFile: join(into, 'picture.png') } : {}) };
  },
};

type Operations = readonly [ReturnType<typeof transcribe>];

let places = 0;
async function withJobs(whisper: Whisper, use: (jobs: MediaJobs<Operations>) => Promise<void>): Promise<void> {
  places += 1;
  await using jobs = await createMediaJobs({ operations: [transcribe({ whisper, speech })], store: createMemoryStore(), workFolder: join(folder, `work-${places}`) });
  await use(jobs);
}

async function contents(job: Job<unknown>): Promise<Readonly<Record<string, string>>> {
  const files = Object.entries(await job.files());
  return Object.fromEntries(await Promise.all(files.map(async ([name, { path }]) => [name, await readFile(path, 'utf8')] as const)));
}

describe('a job of transcription', () => {
  test('gives text, captions and picture, and tells with what and how long', async () => {
    await using whisper = await createWhisper({ model });
    await withJobs(whisper, async (jobs) => {
      const job = await jobs.submit('transcribe', { file });
      const result = await job.result();
      expect(result).toMatchObject({
        text: 'one & two', language: 'en', durationSeconds: 3, audioInfo, engine: 'addon-child', warnings: ['from the source'],
        segments: [{ start: 0, end: 1, text: 'one' }, { start: 1.5, end: 2.5, text: '& two' }],
        model: { name: 'scripted.bin', type: 'custom', multilingual: false, sha256: (await whisper.modelInfo()).sha256 },
        release: { proof: 'process-gone' },
      });
      for (const name of ['prepareMs', 'waitMs', 'loadMs', 'transcribeMs', 'releaseMs'] as const) expect(result.timings[name]).toBeGreaterThanOrEqual(0);
      const files = await contents(job);
      expect(files).toMatchObject({
        'transcript.txt': 'one\n& two\n',
        'transcript.srt': '1\n00:00:00,000 --> 00:00:01,000\none\n\n2\n00:00:01,500 --> 00:00:02,500\n& two\n',
        'transcript.vtt': 'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\none\n\n00:00:01.500 --> 00:00:02.500\n&amp; two\n',
        'waveform.png': 'a picture',
      });
      expect(JSON.parse(files['transcript.json'] ?? '')).toMatchObject({ text: 'one & two', segments: result.segments });
      expect(await processesOf(ownerId())).toEqual([]);
    });
  });

  test('goes from preparing to transcribing, and never back', async () => {
    await using whisper = await createWhisper({ model });
    await withJobs(whisper, async (jobs) => {
      const seen: { progress: number; phase: string }[] = [];
      for await (const { progress, phase } of (await jobs.submit('transcribe', { file })).events()) seen.push({ progress, phase });
      expect(seen.map(({ progress }) => progress)).toEqual(seen.map(({ progress }) => progress).sort((one, other) => one - other));
      expect(seen.find(({ phase }) => phase === 'transcribe')?.progress).toBeGreaterThanOrEqual(0.2);
      expect(seen.at(-1)?.progress).toBe(1);
    });
  });

  test('of silence succeeds with an empty transcript in every format', async () => {
    await using whisper = await createWhisper({ model });
    const silent = join(folder, 'silent.wav');
    await writeFile(silent, wavBytes(new Int16Array(32_000)));
    await withJobs(whisper, async (jobs) => {
      const job = await jobs.submit('transcribe', { file: silent, waveform: false });
      expect(await job.result()).toMatchObject({ text: '', segments: [], durationSeconds: 2, release: null });
      const files = await contents(job);
      expect(Object.keys(files).sort()).toEqual(['transcript.json', 'transcript.srt', 'transcript.txt', 'transcript.vtt']);
      expect(files).toMatchObject({ 'transcript.txt': '\n', 'transcript.srt': '\n', 'transcript.vtt': 'WEBVTT\n' });
    });
  });

  test('is the same job under another spelling of the language, and another with another model', async () => {
    const other = writeScriptedModel(join(folder, 'other.bin'));
    await using whisper = await createWhisper({ model });
    await using whisperOfOther = await createWhisper({ model: other });
    const ids: string[] = [];
    await withJobs(whisper, async (jobs) => {
      for (const language of ['en', 'EN', 'English', 'en-US']) ids.push((await jobs.submit('transcribe', { file, language })).id);
    });
    await withJobs(whisperOfOther, async (jobs) => void ids.push((await jobs.submit('transcribe', { file, language: 'en' })).id));
    expect(new Set(ids.slice(0, 4)).size).toBe(1);
    expect(ids[4]).not.toBe(ids[0]);
  });

  test('is refused at once for an impossible language, and for an unknown field', async () => {
    await using whisper = await createWhisper({ model });
    await withJobs(whisper, async (jobs) => {
      await expect(jobs.submit('transcribe', { file, language: 'de' })).rejects.toMatchObject({ code: 'UNSUPPORTED_LANGUAGE' });
      await expect(jobs.submit('transcribe', { file, translate: true })).rejects.toMatchObject({ code: 'UNSUPPORTED_LANGUAGE' });
      await expect(jobs.submit('transcribe', { file, speed: 2 } as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });
  });

  test.each(['addon-child', 'whisper-cli'] as const)('whose engine is killed costs one attempt, and is then heard by another: %s', async (engine) => {
    await using whisper = await createWhisper({ model, engine, keepAliveMs: Infinity });
    const { release } = await whisper.transcribe(file);
    await withJobs(whisper, async (jobs) => {
      // A process that is stopped can end no run before it is killed.
      process.kill(Number(release?.pid), 'SIGSTOP');
      const job = await jobs.submit('transcribe', { file });
      for await (const { phase } of job.events()) if (phase === 'transcribe') break;
      process.kill(Number(release?.pid), 'SIGKILL');
      expect(await job.result()).toMatchObject({ text: 'one & two' });
      expect(await job.record()).toMatchObject({ state: 'completed', attempts: 2 });
    });
  });

  test('that is cancelled while the engine runs is over within a second, and the engine with it', async () => {
    await using whisper = await createWhisper({ model: writeScriptedModel(join(folder, 'endless.bin'), { loop: true, audioContext: 1500 }) });
    await withJobs(whisper, async (jobs) => {
      const job = await jobs.submit('transcribe', { file });
      for await (const { phase } of job.events()) if (phase === 'transcribe') break;
      await expect.poll(() => processesOf(ownerId()), { timeout: 20_000 }).toHaveLength(1);
      const began = performance.now();
      await job.cancel();
      await expect(job.result()).rejects.toMatchObject({ code: 'CANCELLED' });
      await expect.poll(() => processesOf(ownerId())).toEqual([]);
      expect(performance.now() - began).toBeLessThan(1000);
    });
  });
});

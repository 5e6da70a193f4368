import { mkdirSync, readdirSync } from 'node:fs';
import type { Attempt } from '@media-jobs/core';
import { noStepJobs } from '@media-jobs/core/testing';
import { silentLogger } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import { createFfmpeg } from './ffmpeg.ts';
import { prepareSpeechOperation } from './prepare-speech-operation.ts';
import { createWorkbench, failure } from './testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const voice = bench.speak('voice.wav', 'hello world');

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

test('as a source of speech it writes into the folder that it is given, also a second time', async () => {
  const folder = bench.path('speech');
  mkdirSync(folder);
  const ratios: number[] = [];
  for (let time = 0; time < 2; time += 1) {
    const speech = await ffmpeg.open(voice, { folder, waveform: true, onProgress: (ratio) => void ratios.push(ratio) });
    expect(readdirSync(folder).toSorted()).toEqual(['speech.wav', 'waveform.png']);
    expect(speech).toEqual(expect.objectContaining({ wavFile: bench.path('speech/speech.wav'), waveformFile: bench.path('speech/waveform.png'), warnings: [] }));
    expect(speech.durationSeconds).toBeGreaterThan(0.5);
    expect(speech.audioInfo).toEqual(expect.objectContaining({ format: 'wav', codec: 'pcm_s16le', sampleRate: 22_050, channels: 1 }));
  }
  expect(ratios.at(-1)).toBe(1);
});

test('a source that fails leaves nothing in the folder', async () => {
  const folder = bench.path('nothing');
  mkdirSync(folder);
  expect((await failure(ffmpeg.open(bench.path('missing.mp4'), { folder, waveform: true }))).code).toBe('INPUT_MISSING');
  expect(readdirSync(folder)).toEqual([]);
});

test('as an operation it returns what its schema says and names its files', async () => {
  const operation = prepareSpeechOperation({ ffmpeg });
  const folder = bench.path('artifacts');
  mkdirSync(folder);
  const added: string[] = [];
  const allowed: number[] = [];
  const phases = new Set<string>();
  const never = new AbortController();
  const attempt: Attempt = {
    jobId: 'job',
    generation: 1,
    number: 1,
    correlationId: null,
    signal: never.signal,
    kill: never.signal,
    controls: { signal: never.signal, kill: never.signal },
    tempFolder: bench.folder,
    checkpointFolder: null,
    artifacts: { folder, add: async (name) => void added.push(name) },
    jobs: noStepJobs,
    log: silentLogger,
    report: ({ phase }) => void phases.add(phase),
    share: () => undefined,
    allow: (ms) => void allowed.push(ms),
  };
  const output = await operation.run(operation.input.parse({ file: voice }), attempt);
  expect(operation.output.parse(output)).toEqual(output);
  expect(JSON.parse(JSON.stringify(output))).toEqual(output);
  expect(added).toEqual(['speech.wav', 'waveform.png']);
  expect(readdirSync(folder).toSorted()).toEqual(['speech.wav', 'waveform.png']);
  expect(allowed).toEqual([120_000]);
  expect(phases.has('probe')).toBe(true);
  expect(operation.healthChecks?.map(({ name }) => name)).toEqual(['ffmpeg', 'ffprobe']);
});

test('options that are left out are part of the input, so that two ways of saying the same are one job', () => {
  const { input } = prepareSpeechOperation({ ffmpeg });
  expect(input.parse({ file: 'a' })).toEqual({ file: 'a', channel: 'mix', highpassHz: 80, denoise: 'off', targetLufs: -16, truePeakDb: -1.5, waveform: true });
  expect(input.safeParse({ file: 'a', chanel: 'left' }).success).toBe(false);
});

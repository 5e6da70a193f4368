import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { remoteOperation, type ServiceClient } from '@media-jobs/client';
import { createBreaker, defineOperation, definePipeline, guardOperation, type Operation } from '@media-jobs/core';
import { downloadOperation, type Downloader } from '@media-jobs/download';
import {
  convertOperation, denoiseOperation, extractAudioOperation, highpassOperation, normalizeLoudnessOperation, prepareSpeechOperation, resampleOperation, spectrogramOperation, splitOperation, toMonoOperation,
  validateOperation, waveformOperation, type Ffmpeg,
} from '@media-jobs/ffmpeg';
import { transcribe, type Whisper } from '@media-jobs/whisper';
import { expect } from 'vitest';
import { z } from 'zod';
import { normalizeOperation } from '../../examples/audio-normalization/normalize-operation.ts';

/** A short film. */
export const talk = fileURLToPath(new URL('../../fixtures/talk.mp4', import.meta.url));
const { words } = (JSON.parse(readFileSync(new URL('../../fixtures/expected.json', import.meta.url), 'utf8')) as { readonly 'talk.mp4': { readonly words: readonly string[] } })['talk.mp4'];

/** What the operations work with. */
export interface Tools {
  readonly ffmpeg: Ffmpeg;
  readonly whisper: Whisper;
  readonly downloader: Downloader;
  /** Where the film can be downloaded. */
  readonly url: string;
  /** Does `normalize` for others. */
  readonly service: ServiceClient;
}

/** One operation, what its job is given, and what must come of that. */
export interface OperationCase {
  /** The function of a package that makes it. */
  readonly maker: string;
  readonly operation: Operation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: unknown;
  readonly files: readonly string[];
}

const durationSeconds: unknown = expect.closeTo(8.45, 1);
const bytes: unknown = expect.any(Number);
const written = { durationSeconds, bytes };
const spoken = words.join(' ');
const transcripts = ['transcript.json', 'transcript.srt', 'transcript.txt', 'transcript.vtt', 'waveform.png'];

/** Each operation that the packages have. */
export function operationCases(tools: Tools): readonly OperationCase[] {
  return [...soundCases(tools), ...otherMediaCases(tools), ...composedCases(tools)];
}

function soundCases(tools: Tools): readonly OperationCase[] {
  const file = talk;
  return [
    { maker: 'convertOperation', operation: convertOperation(tools), input: { file, format: 'flac' }, output: written, files: ['audio.flac'] },
    { maker: 'extractAudioOperation', operation: extractAudioOperation(tools), input: { file, format: 'm4a' }, output: written, files: ['audio.m4a'] },
    { maker: 'denoiseOperation', operation: denoiseOperation(tools), input: { file }, output: written, files: ['audio.wav'] },
    { maker: 'highpassOperation', operation: highpassOperation(tools), input: { file, highpassHz: 120 }, output: written, files: ['audio.wav'] },
    { maker: 'resampleOperation', operation: resampleOperation(tools), input: { file, sampleRate: 8_000 }, output: written, files: ['audio.wav'] },
    { maker: 'toMonoOperation', operation: toMonoOperation(tools), input: { file }, output: { ...written, channel: 'mix', antiPhase: false }, files: ['audio.wav'] },
    { maker: 'normalizeLoudnessOperation', operation: normalizeLoudnessOperation(tools), input: { file, targetLufs: -20 }, output: { ...written, loudness: { applied: true, outputLufs: expect.closeTo(-20, 0) as unknown } }, files: ['audio.wav'] },
    { maker: 'prepareSpeechOperation', operation: prepareSpeechOperation(tools), input: { file }, output: { durationSeconds, loudness: { applied: true }, channel: 'mix' }, files: ['speech.wav', 'waveform.png'] },
  ];
}

function otherMediaCases(tools: Tools): readonly OperationCase[] {
  const file = talk;
  return [
    { maker: 'waveformOperation', operation: waveformOperation(tools), input: { file, width: 300, height: 80 }, output: { ...written, width: 300, height: 80 }, files: ['waveform.png'] },
    { maker: 'spectrogramOperation', operation: spectrogramOperation(tools), input: { file, width: 300, height: 80 }, output: written, files: ['spectrogram.png'] },
    { maker: 'splitOperation', operation: splitOperation(tools), input: { file, by: { everySeconds: 5 } }, output: { parts: [{ file: 'part-0001.wav', startSeconds: 0 }, { file: 'part-0002.wav', startSeconds: 5 }] }, files: ['part-0001.wav', 'part-0002.wav'] },
    { maker: 'validateOperation', operation: validateOperation(tools), input: { file }, output: { ok: true, faults: [] }, files: [] },
    { maker: 'downloadOperation', operation: downloadOperation(tools), input: { url: tools.url }, output: { file: 'media.mp4', mediaType: 'video/mp4', via: 'direct' }, files: ['media.mp4'] },
    {
      maker: 'transcribe', operation: transcribe({ whisper: tools.whisper, speech: tools.ffmpeg }), input: { file, language: 'en' }, output: { text: spoken, language: 'en', durationSeconds },
      files: transcripts,
    },
  ];
}

/** Operations that are made of others: one that a service does, one behind a breaker, and one of steps. */
function composedCases(tools: Tools): readonly OperationCase[] {
  const { name, version, input, output } = normalizeOperation(tools);
  const limits = { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 };
  const count = defineOperation({ name: 'count', version: 1, input: z.strictObject({ text: z.string() }), output: z.object({ words: z.number() }), limits, run: ({ text }) => Promise.resolve({ words: text.split(/\s+/).length }) });
  const captions = definePipeline({ name: 'captions', version: 1, input: z.strictObject({ url: z.string() }) })
    .step('video', downloadOperation(tools), ({ input: { url } }) => ({ url }))
    .step('speech', prepareSpeechOperation(tools), ({ video }) => ({ file: video.file() }))
    .step('transcript', transcribe({ whisper: tools.whisper, speech: tools.ffmpeg }), ({ speech }) => ({ file: speech.file('speech.wav'), language: 'en' }))
    .build();
  return [
    { maker: 'remoteOperation', operation: remoteOperation({ name, version, input, output, service: tools.service }), input: { file: talk, apply_highpass_filter: true, waveform: false }, output: { durationSeconds, channel: 'mix' }, files: ['speech.wav'] },
    { maker: 'guardOperation', operation: guardOperation(count, createBreaker({ name: 'counting' })), input: { text: 'one two three' }, output: { words: 3 }, files: [] },
    { maker: 'definePipeline', operation: captions, input: { url: tools.url }, output: { transcript: { output: { text: spoken } } }, files: transcripts },
  ];
}

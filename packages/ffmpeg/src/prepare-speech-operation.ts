import { join } from 'node:path';
import { defineOperation, inputFile, type Attempt, type Operation } from '@media-jobs/core';
import { z } from 'zod';
import type { Ffmpeg } from './ffmpeg.ts';
import { defaultHighpassHz, defaultLoudness, denoiseChoices, speechChannels } from './speech/prepare-options.ts';

/** What a job of `prepare-speech` is given. */
export const prepareSpeechInput = z.strictObject({
  /** Any media file with sound. */
  file: inputFile(),
  /** Number of the audio stream, from 0; left out: the one that players take. */
  stream: z.number().int().nonnegative().optional(),
  channel: z.enum(speechChannels).default('mix'),
  /** Corner of the high-pass in Hz; false for none. */
  highpassHz: z.union([z.number().min(10).max(4_000), z.literal(false)]).default(defaultHighpassHz),
  /** Takes steady noise away. */
  denoise: z.enum(denoiseChoices).default('off'),
  /** LUFS. */
  targetLufs: z.number().min(-50).max(-5).default(defaultLoudness.targetLufs),
  /** Largest true peak, dBTP. */
  truePeakDb: z.number().min(-20).max(0).default(defaultLoudness.truePeakDb),
  /** Draw `waveform.png` beside the speech. */
  waveform: z.boolean().default(true),
});

const level = z.number().nullable();
const milliseconds = z.number().nonnegative();

/** What a job of `prepare-speech` returns. Its files are speech.wav and, when asked for, waveform.png. */
export const prepareSpeechOutput = z.object({
  durationSeconds: z.number().nonnegative(),
  expectedSeconds: z.number().nonnegative().optional(),
  /** Levels in LUFS and dBTP; null for silence. */
  loudness: z.object({
    inputLufs: level,
    inputPeakDb: level,
    outputLufs: level,
    gainDb: z.number(),
    applied: z.boolean(),
    mode: z.enum(['linear', 'limited', 'none']),
    reason: z.enum(['silent', 'too-short', 'gain-limited', 'off']).optional(),
  }),
  channel: z.enum(['mix', 'left', 'right']),
  /** Whether two channels cancel each other out in a mix, so that one was taken. */
  antiPhase: z.boolean(),
  audioInfo: z.object({ format: z.string(), codec: z.string(), sampleRate: z.number(), channels: z.number(), bytes: z.number() }),
  warnings: z.array(z.string()),
  timings: z.object({ probeMs: milliseconds, decodeMs: milliseconds, gainMs: milliseconds, verifyMs: milliseconds, totalMs: milliseconds }),
});

/** What the operation works with. */
export interface PrepareSpeechOperationOptions {
  readonly ffmpeg: Ffmpeg;
}

/** Least limits of an attempt; longer files get more. */
const [softFloorMs, hardFloorMs] = [1_500_000, 1_800_000];
/** Beyond the time limit of decoding: for probing, gain and picture. */
const besidesMs = 60_000;

/** The operation `prepare-speech`: any media file to 16 kHz mono speech of even loudness, and its picture. */
export function prepareSpeechOperation({ ffmpeg }: PrepareSpeechOperationOptions): Operation<'prepare-speech', typeof prepareSpeechInput, typeof prepareSpeechOutput> {
  return defineOperation({
    name: 'prepare-speech',
    version: 1,
    input: prepareSpeechInput,
    output: prepareSpeechOutput,
    limits: { softTimeoutMs: softFloorMs, hardTimeoutMs: hardFloorMs },
    healthChecks: ffmpeg.healthChecks,
    run: (input, attempt) => run(ffmpeg, input, attempt),
  });
}

async function run(ffmpeg: Ffmpeg, input: z.output<typeof prepareSpeechInput>, attempt: Attempt): Promise<z.input<typeof prepareSpeechOutput>> {
  const { file, stream, targetLufs, truePeakDb, waveform, ...chosen } = input;
  const { folder } = attempt.artifacts;
  const prepared = await ffmpeg.prepareSpeech(file, join(folder, 'speech.wav'), {
    ...attempt.controls,
    ...chosen,
    ...(stream === undefined ? {} : { stream }),
    ...(waveform ? { waveform: { file: join(folder, 'waveform.png') } } : {}),
    loudness: { targetLufs, truePeakDb },
    onTimeLimit: (timeoutMs) => attempt.allow(timeoutMs + besidesMs),
    onProgress: ({ ratio, phase }) => attempt.report({ ratio, phase }),
  });
  await attempt.artifacts.add('speech.wav', 'audio/wav');
  if (waveform) await attempt.artifacts.add('waveform.png', 'image/png');
  const { durationSeconds, expectedSeconds, loudness, channel, antiPhase, audioInfo, warnings, timings } = prepared;
  return { durationSeconds, ...(expectedSeconds === undefined ? {} : { expectedSeconds }), loudness, channel, antiPhase, audioInfo, warnings: [...warnings], timings };
}

import { join } from 'node:path';
import { defineOperation, inputFile, type Attempt, type Operation } from '@media-jobs/core';
import { z } from 'zod';
import type { ConvertedAudio, ConvertOptions } from '../convert/convert.ts';
import type { Ffmpeg } from '../ffmpeg.ts';
import type { OutputOptions } from '../speech/prepare-options.ts';
import { defaultHighpassHz, defaultLoudness, speechChannels } from '../speech/prepare-options.ts';

/** What the operations work with. */
export interface MediaOperationOptions {
  readonly ffmpeg: Ffmpeg;
}

const mediaTypes = Object.freeze({ wav: 'audio/wav', flac: 'audio/flac', mp3: 'audio/mpeg', m4a: 'audio/mp4', ogg: 'audio/ogg', opus: 'audio/ogg', webm: 'audio/webm' });
const formats = ['wav', 'flac', 'mp3', 'm4a', 'ogg', 'opus', 'webm'] as const;

/** What each of these jobs is given besides its own. The result is the file `audio.<format>`. */
const common = {
  /** Any media file with sound. */
  file: inputFile(),
  /** Number of the audio stream, from 0; left out: the one that players take. */
  stream: z.number().int().nonnegative().optional(),
  format: z.enum(formats).default('wav'),
  codec: z.enum(['pcm16', 'pcm24', 'float', 'flac', 'alac', 'mp3', 'aac', 'opus', 'vorbis']).optional(),
  /** Bits a second. */
  bitRate: z.number().int().min(6_000).max(512_000).optional(),
};
const sampleRate = z.number().int().min(4_000).max(192_000);
const soundFields = { ...common, sampleRate: sampleRate.optional(), channels: z.number().int().min(1).max(8).optional() };

const written = { bytes: z.number().int().positive(), durationSeconds: z.number().nonnegative(), warnings: z.array(z.string()) };
const audioOutput = z.object(written);
const level = z.number().nullable();

const schemas = {
  convert: z.strictObject(soundFields),
  extractAudio: z.strictObject({ ...soundFields, reencode: z.boolean().default(false) }),
  denoise: z.strictObject({ ...soundFields, strength: z.enum(['light', 'medium']).default('light') }),
  highpass: z.strictObject({ ...soundFields, highpassHz: z.number().min(10).max(4_000).default(defaultHighpassHz) }),
  resample: z.strictObject({ ...common, sampleRate, channels: z.number().int().min(1).max(8).optional() }),
  toMono: z.strictObject({ ...common, sampleRate: sampleRate.optional(), channel: z.enum(speechChannels).default('mix') }),
  normalizeLoudness: z.strictObject({ ...soundFields, targetLufs: z.number().min(-50).max(-5).default(defaultLoudness.targetLufs), truePeakDb: z.number().min(-20).max(0).default(defaultLoudness.truePeakDb), method: z.enum(['gain', 'loudnorm']).default('gain') }),
};
const monoOutput = z.object({ ...written, channel: z.enum(['mix', 'left', 'right']), antiPhase: z.boolean() });
const loudness = z.object({ inputLufs: level, inputPeakDb: level, outputLufs: level, gainDb: z.number(), applied: z.boolean(), mode: z.enum(['linear', 'limited', 'dynamic', 'none']), reason: z.enum(['silent', 'too-short', 'gain-limited']).optional() });
const normalizedOutput = z.object({ ...written, loudness });

/** Least limits of an attempt; longer files get more. */
export const mediaLimits = Object.freeze({ softTimeoutMs: 1_500_000, hardTimeoutMs: 1_800_000 });
/** Beyond the time limit of one pass: for probing and measuring passes. */
const besides = (timeoutMs: number): number => 3 * timeoutMs + 60_000;

/** What every call inside an attempt is told. */
export function attemptOptions(attempt: Attempt): OutputOptions {
  return { ...attempt.controls, onTimeLimit: (timeoutMs) => attempt.allow(besides(timeoutMs)), onProgress: ({ ratio, phase }) => attempt.report({ ratio, phase }) };
}

/** One call of `Ffmpeg` that writes sound, as an operation. */
function audioOperation<const Name extends string, Input extends z.ZodObject<typeof common>, Output extends z.ZodObject<typeof written>>(
  { ffmpeg }: MediaOperationOptions,
  name: Name,
  schema: { readonly input: Input; readonly output: Output },
  call: (file: string, outFile: string, options: z.output<Input> & OutputOptions) => Promise<ConvertedAudio>,
): Operation<Name, Input, Output> {
  return defineOperation({
    name,
    version: 1,
    ...schema,
    limits: mediaLimits,
    healthChecks: ffmpeg.healthChecks,
    run: async (input: z.output<Input>, attempt: Attempt) => {
      const { file, format } = input as z.output<z.ZodObject<typeof common>>;
      const audio = `audio.${format}`;
      const { path: _path, ...result } = await call(file, join(attempt.artifacts.folder, audio), { ...input, ...attemptOptions(attempt) });
      await attempt.artifacts.add(audio, mediaTypes[format]);
      return { ...result, warnings: [...result.warnings] } as unknown as z.input<Output>;
    },
  });
}

/** Leaves out what the job leaves out. */
type Loose<T> = T & ConvertOptions;

/** The operation `convert`: the sound of any media file in another container. */
export function convertOperation(options: MediaOperationOptions): Operation<'convert', typeof schemas.convert, typeof audioOutput> {
  return audioOperation(options, 'convert', { input: schemas.convert, output: audioOutput }, (file, out, given) => options.ffmpeg.convert(file, out, given as Loose<typeof given>));
}

/** The operation `extract-audio`: the sound of a film, as it is where the container takes it. */
export function extractAudioOperation(options: MediaOperationOptions): Operation<'extract-audio', typeof schemas.extractAudio, typeof audioOutput> {
  return audioOperation(options, 'extract-audio', { input: schemas.extractAudio, output: audioOutput }, (file, out, given) => options.ffmpeg.extractAudio(file, out, given as Loose<typeof given>));
}

/** The operation `denoise`: less steady noise. */
export function denoiseOperation(options: MediaOperationOptions): Operation<'denoise', typeof schemas.denoise, typeof audioOutput> {
  return audioOperation(options, 'denoise', { input: schemas.denoise, output: audioOutput }, (file, out, given) => options.ffmpeg.denoise(file, out, given as Loose<typeof given>));
}

/** The operation `highpass`: less rumble. */
export function highpassOperation(options: MediaOperationOptions): Operation<'highpass', typeof schemas.highpass, typeof audioOutput> {
  return audioOperation(options, 'highpass', { input: schemas.highpass, output: audioOutput }, (file, out, given) => options.ffmpeg.highpass(file, out, given as Loose<typeof given>));
}

/** The operation `resample`: another sample rate. */
export function resampleOperation(options: MediaOperationOptions): Operation<'resample', typeof schemas.resample, typeof audioOutput> {
  return audioOperation(options, 'resample', { input: schemas.resample, output: audioOutput }, (file, out, given) => options.ffmpeg.resample(file, out, given as Loose<typeof given>));
}

/** The operation `to-mono`: one channel. */
export function toMonoOperation(options: MediaOperationOptions): Operation<'to-mono', typeof schemas.toMono, typeof monoOutput> {
  return audioOperation(options, 'to-mono', { input: schemas.toMono, output: monoOutput }, (file, out, given) => options.ffmpeg.toMono(file, out, given as Loose<typeof given>));
}

/** The operation `normalize-loudness`: sound of even loudness at its own rate. */
export function normalizeLoudnessOperation(options: MediaOperationOptions): Operation<'normalize-loudness', typeof schemas.normalizeLoudness, typeof normalizedOutput> {
  return audioOperation(options, 'normalize-loudness', { input: schemas.normalizeLoudness, output: normalizedOutput }, (file, out, given) => options.ffmpeg.normalizeLoudness(file, out, given as Loose<typeof given>));
}

import { basename, join } from 'node:path';
import { defineOperation, inputFile, type Attempt, type Operation } from '@media-jobs/core';
import { z } from 'zod';
import { defaultSpectrogram } from '../spectrogram/spectrogram-options.ts';
import type { PictureResult } from '../waveform/picture-file.ts';
import { defaultWaveform } from '../waveform/waveform-options.ts';
import { attemptOptions, mediaLimits, type MediaOperationOptions } from './single-operations.ts';

const common = { file: inputFile(), stream: z.number().int().nonnegative().optional() };
const color = z.string().regex(/^#[0-9a-f]{6}$/i);

const waveformInput = z.strictObject({
  ...common,
  width: z.number().int().min(16).max(8192).default(defaultWaveform.width),
  height: z.number().int().min(16).max(2048).default(defaultWaveform.height),
  color: color.default(defaultWaveform.color),
  background: z.union([color, z.literal('transparent')]).default(defaultWaveform.background),
});
const spectrogramInput = z.strictObject({
  ...common,
  width: z.number().int().min(16).max(4096).default(defaultSpectrogram.width),
  height: z.number().int().min(16).max(2048).default(defaultSpectrogram.height),
  rangeDb: z.number().min(20).max(160).default(defaultSpectrogram.rangeDb),
});
const splitInput = z.strictObject({
  ...common,
  by: z.union([
    z.strictObject({ everySeconds: z.number().min(1) }),
    z.strictObject({ atSilence: z.strictObject({ maxSeconds: z.number().min(2).max(36_000), minSeconds: z.number().min(1).optional() }) }),
    z.strictObject({ maxBytes: z.number().int().min(32_044) }),
  ]),
});

const pictureOutput = z.object({ bytes: z.number().int().positive(), width: z.number(), height: z.number(), durationSeconds: z.number().nonnegative(), warnings: z.array(z.string()) });
const splitOutput = z.object({
  /** `file` is the name of the artifact. */
  parts: z.array(z.object({ file: z.string(), bytes: z.number().int().positive(), startSeconds: z.number().nonnegative(), durationSeconds: z.number().nonnegative() })),
  durationSeconds: z.number().nonnegative(),
  warnings: z.array(z.string()),
});

async function picture(name: string, attempt: Attempt, draw: (pngFile: string) => Promise<PictureResult>): Promise<z.input<typeof pictureOutput>> {
  const { bytes, width, height, durationSeconds, warnings } = await draw(join(attempt.artifacts.folder, name));
  await attempt.artifacts.add(name, 'image/png');
  return { bytes, width, height, durationSeconds, warnings: [...warnings] };
}

/** The operation `waveform`; its file is waveform.png. */
export function waveformOperation({ ffmpeg }: MediaOperationOptions): Operation<'waveform', typeof waveformInput, typeof pictureOutput> {
  return defineOperation({
    name: 'waveform',
    version: 1,
    input: waveformInput,
    output: pictureOutput,
    limits: mediaLimits,
    healthChecks: ffmpeg.healthChecks,
    run: ({ file, stream, ...look }, attempt) => picture('waveform.png', attempt, (png) => ffmpeg.waveform(file, png, { ...look, ...(stream === undefined ? {} : { stream }), ...attemptOptions(attempt) })),
  });
}

/** The operation `spectrogram`; its file is spectrogram.png. */
export function spectrogramOperation({ ffmpeg }: MediaOperationOptions): Operation<'spectrogram', typeof spectrogramInput, typeof pictureOutput> {
  return defineOperation({
    name: 'spectrogram',
    version: 1,
    input: spectrogramInput,
    output: pictureOutput,
    limits: mediaLimits,
    healthChecks: ffmpeg.healthChecks,
    run: ({ file, stream, ...look }, attempt) => picture('spectrogram.png', attempt, (png) => ffmpeg.spectrogram(file, png, { ...look, ...(stream === undefined ? {} : { stream }), ...attemptOptions(attempt) })),
  });
}

/** The operation `split`; its files are part-0001.wav and so on. */
export function splitOperation({ ffmpeg }: MediaOperationOptions): Operation<'split', typeof splitInput, typeof splitOutput> {
  return defineOperation({
    name: 'split',
    version: 1,
    input: splitInput,
    output: splitOutput,
    limits: mediaLimits,
    healthChecks: ffmpeg.healthChecks,
    run: async ({ file, stream, by }, attempt) => {
      const { parts, durationSeconds, warnings } = await ffmpeg.split(file, attempt.artifacts.folder, { by: by as Parameters<typeof ffmpeg.split>[2]['by'], name: 'part', ...(stream === undefined ? {} : { stream }), ...attemptOptions(attempt) });
      for (const { path } of parts) await attempt.artifacts.add(basename(path), 'audio/wav');
      return { parts: parts.map(({ path, ...part }) => ({ file: basename(path), ...part })), durationSeconds, warnings: [...warnings] };
    },
  });
}

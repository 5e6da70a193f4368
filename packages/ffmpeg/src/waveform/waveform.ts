import { resolve } from 'node:path';
import { speechSampleRate } from '../arguments.ts';
import { throwIfAborted } from '../call-controls.ts';
import { decode } from '../decode.ts';
import { openMedia, type MediaContext } from '../media-context.ts';
import { requirePath } from '../option-checks.ts';
import { publishAll, tempFilesFor } from '../output-files.ts';
import { createProgressReporter } from '../progress.ts';
import type { OutputOptions } from '../speech/prepare-options.ts';
import { PeakCollector } from './peak-collector.ts';
import { resolveWaveform, type WaveformLook } from './waveform-options.ts';
import { writeWaveform } from './write-waveform.ts';

/** Options of `waveform`. */
export interface WaveformOptions extends OutputOptions, WaveformLook {}

/** A picture that was drawn. */
export interface WaveformResult {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Seconds of audio that it shows. */
  readonly durationSeconds: number;
  /** What a reader should know. */
  readonly warnings: readonly string[];
}

/** Draws the audio of a file as it is: no filter, no gain. The same errors as `prepareSpeech`. */
export async function drawWaveformOf(file: string, pngFile: string, options: WaveformOptions, context: MediaContext): Promise<WaveformResult> {
  requirePath('pngFile', pngFile);
  const style = resolveWaveform(options);
  const { overwrite = false, onProgress } = options;
  const target = resolve(pngFile);
  const progress = createProgressReporter(context.options.clock, onProgress);
  progress.report('probe', 0, undefined);
  const media = await openMedia(file, { ...options, targets: [target], overwrite }, context);
  const temp = tempFilesFor(target, context.options.temp);
  await using part = await temp.file({ near: target, extension: '.png' });
  const peaks = new PeakCollector(style.width);
  let samplesSeen = 0;
  const onSamples = (samples: Float32Array): void => {
    peaks.add(samples);
    samplesSeen += samples.length;
    progress.report('decode', samplesSeen / speechSampleRate, media.stream.durationSeconds);
  };
  const { path, stream, timeoutMs } = media;
  const decoded = await decode({ path, stream, timeoutMs, channels: 'mix', highpassHz: undefined, onSamples }, media.ffmpeg.path, context, options);
  progress.report('verify', 0, undefined);
  const bytes = await writeWaveform(part.path, peaks, style);
  throwIfAborted(options);
  await publishAll([{ part, target }], overwrite, temp);
  progress.done(decoded.seconds);
  return Object.freeze({ path: target, bytes, width: style.width, height: style.height, durationSeconds: decoded.seconds, warnings: [...media.info.warnings, ...decoded.warnings] });
}

import { speechSampleRate } from '../arguments.ts';
import type { MediaContext } from '../media-context.ts';
import type { OutputOptions } from '../speech/prepare-options.ts';
import { drawWaveform, type WaveformStyle } from './draw-waveform.ts';
import { PeakCollector } from './peak-collector.ts';
import { drawPictureOf, writePicture, type PictureResult } from './picture-file.ts';
import { resolveWaveform, type WaveformLook } from './waveform-options.ts';

/** Options of `waveform`. */
export interface WaveformOptions extends OutputOptions, WaveformLook {}

/** 25 ms: longer than a period of the lowest voice, so that a short clip shows its loudness and not its vibrations. */
const leastSamples = Math.round(0.025 * speechSampleRate);

/** Implements `Ffmpeg.waveform`. */
export async function drawWaveformOf(file: string, pngFile: string, options: WaveformOptions, context: MediaContext): Promise<PictureResult> {
  const style = resolveWaveform(options);
  const peaks = new PeakCollector(style.width);
  return drawPictureOf(file, pngFile, { add: (samples) => peaks.add(samples), draw: () => drawWaveform(peaks.peaks(leastSamples), style) }, options, context);
}

/** Draws the peaks into the file at `path`, which exists. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`. */
export async function writeWaveform(path: string, peaks: PeakCollector, style: WaveformStyle): Promise<number> {
  return writePicture(path, drawWaveform(peaks.peaks(leastSamples), style));
}

import type { MediaContext } from '../media-context.ts';
import type { OutputOptions } from '../speech/prepare-options.ts';
import { drawPictureOf, type PictureResult } from '../waveform/picture-file.ts';
import { drawSpectrogram } from './draw-spectrogram.ts';
import { resolveSpectrogram, type SpectrogramLook } from './spectrogram-options.ts';
import { SpectrumCollector } from './spectrum-collector.ts';

/** Options of `spectrogram`. */
export interface SpectrogramOptions extends OutputOptions, SpectrogramLook {}

/** Implements `Ffmpeg.spectrogram`. ffmpeg's own filter keeps the whole file in memory. */
export async function drawSpectrogramOf(file: string, pngFile: string, options: SpectrogramOptions, context: MediaContext): Promise<PictureResult> {
  const style = resolveSpectrogram(options);
  const spectra = new SpectrumCollector(style.width);
  return drawPictureOf(file, pngFile, { add: (samples) => spectra.add(samples), draw: () => drawSpectrogram(spectra.columns(), style) }, options, context);
}

import { speechSampleRate } from '../arguments.ts';
import { FileWriter } from '../file-writer.ts';
import { drawWaveform, type WaveformStyle } from './draw-waveform.ts';
import type { PeakCollector } from './peak-collector.ts';
import { encodePng } from './png.ts';

/** 25 ms: longer than a period of the lowest voice, so that a short clip shows its loudness and not its vibrations. */
const leastSamples = Math.round(0.025 * speechSampleRate);

/** Draws the peaks into the file at `path`, which exists. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`. */
export async function writeWaveform(path: string, peaks: PeakCollector, style: WaveformStyle): Promise<number> {
  const png = await encodePng(drawWaveform(peaks.peaks(leastSamples), style));
  const writer = await FileWriter.open(path, 0);
  try {
    await writer.append(png);
    await writer.close();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return png.length;
}

import { FileWriter } from '../file-writer.ts';
import { drawWaveform, type WaveformStyle } from './draw-waveform.ts';
import type { PeakCollector } from './peak-collector.ts';
import { encodePng } from './png.ts';

/** Draws the peaks into the file at `path`, which exists. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`. */
export async function writeWaveform(path: string, peaks: PeakCollector, style: WaveformStyle): Promise<number> {
  const png = await encodePng(drawWaveform(peaks.peaks(), style));
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

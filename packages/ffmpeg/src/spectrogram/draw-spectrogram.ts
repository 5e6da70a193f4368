import type { Picture } from '../waveform/png.ts';
import type { SpectrogramStyle } from './spectrogram-options.ts';

/** From silence to the loudest point: dark blue, violet, red, orange, light yellow. Brightness rises all the way, so that it reads in grey too. */
const colors = Object.freeze([[10, 8, 32], [64, 18, 106], [152, 40, 104], [222, 84, 58], [252, 165, 40], [252, 252, 190]] as const);

/** Draws one spectrum a column: time from left to right, frequency from bottom (0) to top (half the sample rate), brightness by decibels. */
export function drawSpectrogram(columns: readonly Float32Array[], { width, height, rangeDb }: SpectrogramStyle): Picture {
  const pixels = new Uint8Array(width * height * 4);
  const loudest = columns.reduce((most, powers) => powers.reduce((high, power) => Math.max(high, power), most), 0);
  for (let x = 0; x < width; x += 1) {
    const powers = columns[x] ?? new Float32Array(1);
    for (let y = 0; y < height; y += 1) {
      const power = strongest(powers, 1 - (y + 1) / height, 1 - y / height);
      const level = loudest > 0 && power > 0 ? Math.max(0, 1 + (10 * Math.log10(power / loudest)) / rangeDb) : 0;
      paint(pixels, (y * width + x) * 4, level);
    }
  }
  return { width, height, pixels };
}

/** The largest power among the frequencies of a row, or that nearest to it where rows are finer than frequencies. */
function strongest(powers: Float32Array, from: number, to: number): number {
  const last = powers.length - 1;
  const [first, end] = [Math.round(from * last), Math.max(Math.round(from * last), Math.round(to * last) - 1)];
  let most = 0;
  for (let bin = first; bin <= end; bin += 1) most = Math.max(most, powers[bin] ?? 0);
  return most;
}

function paint(pixels: Uint8Array, at: number, level: number): void {
  const place = level * (colors.length - 1);
  const [low, high] = [colors[Math.floor(place)] ?? colors[0], colors[Math.min(colors.length - 1, Math.floor(place) + 1)] ?? colors[0]];
  const part = place - Math.floor(place);
  for (let index = 0; index < 3; index += 1) pixels[at + index] = Math.round((low[index] ?? 0) * (1 - part) + (high[index] ?? 0) * part);
  pixels[at + 3] = 255;
}

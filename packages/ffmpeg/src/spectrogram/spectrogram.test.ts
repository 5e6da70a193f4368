import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import { PowerSpectrum } from './fft.ts';
import { SpectrumCollector } from './spectrum-collector.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

const sine = (hertz: number, length: number): Float32Array => Float32Array.from({ length }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / 16_000));
const loudestBin = (powers: Float32Array): number => powers.indexOf(Math.max(...powers));

test('a sine of full scale has the power 1 in the bin of its frequency, and none far from it', () => {
  const spectrum = new PowerSpectrum(512);
  const sums = new Float32Array(spectrum.bins);
  spectrum.addTo(sums, sine(1_000, 512), 0);
  expect(loudestBin(sums)).toBe(32);
  expect(sums[32]).toBeCloseTo(1, 3);
  expect(sums[100]).toBeLessThan(1e-9);
});

test('the power of any samples is that of the plain sum over all of them', () => {
  const spectrum = new PowerSpectrum(64);
  const samples = Float32Array.from({ length: 64 }, (_, index) => Math.sin(index * index));
  const sums = new Float32Array(spectrum.bins);
  spectrum.addTo(sums, samples, 0);
  for (const bin of [0, 1, 7, 31, 32]) {
    let [real, imaginary] = [0, 0];
    for (const [index, sample] of samples.entries()) {
      const weighted = sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * index) / 64));
      real += weighted * Math.cos((2 * Math.PI * bin * index) / 64);
      imaginary -= weighted * Math.sin((2 * Math.PI * bin * index) / 64);
    }
    expect(sums[bin]).toBeCloseTo((real ** 2 + imaginary ** 2) / 256, 5);
  }
});

test('long audio is gathered in the memory of short audio, and every moment keeps its place', () => {
  const collector = new SpectrumCollector(16);
  for (let second = 0; second < 60; second += 1) collector.add(sine(second < 30 ? 1_000 : 3_000, 16_000));
  const columns = collector.columns();
  expect(columns.map(loudestBin)).toEqual([...Array.from({ length: 8 }, () => 32), ...Array.from({ length: 8 }, () => 96)]);
});

test('a rising tone is a line from the lower left to the upper right', async () => {
  const file = bench.make('sweep.wav', '-f', 'lavfi', '-i', "aevalsrc='0.5*sin(2*PI*(200*t+350*t*t))':d=10:s=16000");
  const result = await ffmpeg.spectrogram(file, bench.path('sweep.png'), { width: 100, height: 64 });
  expect(result).toMatchObject({ width: 100, height: 64, durationSeconds: 10 });
  const rows = pixelsOf(result.path, 100, 64);
  const brightest = [5, 50, 95].map((x) => rows.map((row) => (row[4 * x] ?? 0) + (row[4 * x + 1] ?? 0)).reduce((best, value, y, all) => (value > (all[best] ?? 0) ? y : best), 0));
  // 550, 3,700 and 6,850 Hz of 8,000, from the top.
  expect(Math.abs((brightest[0] ?? 0) - 59)).toBeLessThanOrEqual(2);
  expect(Math.abs((brightest[1] ?? 0) - 34)).toBeLessThanOrEqual(2);
  expect(Math.abs((brightest[2] ?? 0) - 9)).toBeLessThanOrEqual(2);
});

test('silence is dark all over, and a wrong size is refused', async () => {
  const file = bench.make('silence.wav', '-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '1');
  const { path } = await ffmpeg.spectrogram(file, bench.path('silence.png'), { width: 16, height: 16 });
  expect(new Set(pixelsOf(path, 16, 16).flatMap((row) => [...row].filter((_, index) => index % 4 === 0)))).toEqual(new Set([10]));
  expect((await failure(ffmpeg.spectrogram(file, bench.path('wide.png'), { width: 1e6 }))).code).toBe('INVALID_OPTION');
});

/** Rows of a PNG that we wrote: the first as it is, each further as its distance from the one above. */
function pixelsOf(file: string, width: number, height: number): Uint8Array[] {
  const png = readFileSync(file);
  const at = png.indexOf('IDAT');
  const raw = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  const rows: Uint8Array[] = [];
  for (let y = 0; y < height; y += 1) {
    const row = Uint8Array.from(raw.subarray(y * (width * 4 + 1) + 1, (y + 1) * (width * 4 + 1)));
    const above = rows[y - 1];
    if (above !== undefined) for (let index = 0; index < row.length; index += 1) row[index] = ((row[index] ?? 0) + (above[index] ?? 0)) & 255;
    rows.push(row);
  }
  return rows;
}

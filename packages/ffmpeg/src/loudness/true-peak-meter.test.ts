import { expect, test } from 'vitest';
import { TruePeakMeter } from './true-peak-meter.ts';

function measure(samples: Float32Array, piece = 4096): number {
  const meter = new TruePeakMeter();
  for (let start = 0; start < samples.length; start += piece) meter.add(samples.subarray(start, start + piece));
  return meter.finish();
}

const sine = (cyclesPerSample: number, phase: number, length = 8000): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.min(1, index / 400, (length - index) / 400) * Math.sin(2 * Math.PI * cyclesPerSample * index + phase));

test('a tone at a quarter of the rate that misses its own peaks still measures 0 dBTP', () => {
  const samples = sine(0.25, Math.PI / 4);
  expect(20 * Math.log10(Math.max(...samples))).toBeCloseTo(-3.01, 1);
  expect(measure(samples)).toBeGreaterThan(-0.2);
  expect(measure(samples)).toBeLessThan(0.1);
});

test.each([0.01, 0.1, 0.2, 0.3, 0.37, 0.4])('a tone of %f cycles a sample is measured within 0.2 dB, whatever its phase', (cycles) => {
  for (const phase of [0, 0.3, 0.9, 1.4]) expect(Math.abs(measure(sine(cycles, phase)))).toBeLessThan(0.2);
});

test('digital silence has no peak, and a single sample has its own', () => {
  expect(measure(new Float32Array(1000))).toBe(Number.NEGATIVE_INFINITY);
  expect(measure(Float32Array.of(0.5))).toBeCloseTo(-6.02, 1);
});

test('the first and the last sample count, and pieces of any length give the same peak', () => {
  const samples = Float32Array.from({ length: 3000 }, () => Math.random() * 0.2);
  samples[0] = 0.9;
  samples[2999] = -0.95;
  expect(measure(samples, 1)).toBeCloseTo(measure(samples), 6);
  expect(measure(samples)).toBeGreaterThan(20 * Math.log10(0.95) - 0.001);
});

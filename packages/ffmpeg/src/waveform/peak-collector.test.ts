import { expect, test } from 'vitest';
import { PeakCollector, type Peak } from './peak-collector.ts';

function collect(samples: Float32Array, columns: number, piece = 1000): readonly Peak[] {
  const collector = new PeakCollector(columns);
  for (let start = 0; start < samples.length; start += piece) collector.add(samples.subarray(start, start + piece));
  return collector.peaks();
}

/** Silence with one high and one low point. */
function twoPoints(length: number, high: number, low: number): Float32Array {
  const samples = new Float32Array(length);
  samples[high] = 0.8;
  samples[low] = -0.6;
  return samples;
}

test.each([5_000, 100_000, 1_234_567])('of %i samples each point lands in its column', (length) => {
  const [high, low] = [Math.floor(length * 0.305), Math.floor(length * 0.805)];
  const peaks = collect(twoPoints(length, high, low), 100);
  expect(peaks).toHaveLength(100);
  expect(peaks.findIndex((peak) => peak.high > 0.7)).toBe(30);
  expect(peaks.findIndex((peak) => peak.low < -0.5)).toBe(80);
});

test('the pieces in which samples come make no difference', () => {
  const samples = Float32Array.from({ length: 77_777 }, (_, index) => Math.sin(index * index));
  expect(collect(samples, 64, 1)).toEqual(collect(samples, 64, 77_777));
});

test('the mean level of a full sine is 0.707, and of silence 0', () => {
  for (const { rms } of collect(Float32Array.from({ length: 100_000 }, (_, index) => Math.sin(index / 5)), 50)) expect(rms).toBeCloseTo(Math.SQRT1_2, 1);
  for (const peak of collect(new Float32Array(100_000), 50)) expect(peak).toEqual({ low: 0, high: 0, rms: 0 });
});

test('a column of few samples takes in those beside it', () => {
  const samples = twoPoints(1000, 500, 10);
  const narrow = collect(samples, 100).map(({ high }) => high > 0.7);
  expect(narrow.filter(Boolean)).toHaveLength(1);
  const collector = new PeakCollector(100);
  collector.add(samples);
  const wide = collector.peaks(50).map(({ high }) => high > 0.7);
  expect(wide.filter(Boolean)).toHaveLength(5);
  expect(wide.slice(48, 53)).toEqual([true, true, true, true, true]);
});

test('fewer samples than columns, or none, make a picture too', () => {
  expect(collect(Float32Array.of(1, -1), 50)).toHaveLength(50);
  expect(new PeakCollector(50).peaks().every(({ high }) => high === 0)).toBe(true);
});

test('what is not a number counts as silence', () => {
  for (const { low, high, rms } of collect(new Float32Array(10_000).fill(Number.NaN), 10)) expect([low, high, rms]).toEqual([0, 0, 0]);
});

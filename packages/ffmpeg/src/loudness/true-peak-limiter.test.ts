import { expect, test } from 'vitest';
import { TruePeakLimiter } from './true-peak-limiter.ts';
import { TruePeakMeter } from './true-peak-meter.ts';

const rate = 16_000;

function limited(samples: Float32Array, limitDb: number, piece = 4096): Float32Array {
  const limiter = new TruePeakLimiter({ sampleRate: rate, limitDb });
  const parts: Float32Array[] = [];
  for (let start = 0; start < samples.length; start += piece) parts.push(limiter.add(samples.slice(start, start + piece)).slice());
  parts.push(limiter.finish());
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

function truePeak(samples: Float32Array): number {
  const meter = new TruePeakMeter();
  meter.add(samples);
  return meter.finish();
}

/** Repeatable noise with single peaks of ten times its level. */
function spiky(length: number): Float32Array {
  let state = 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Float32Array.from({ length }, () => (next() - 0.5) * (next() > 0.999 ? 10 : 1));
}

test('no point of the result is above the limit, between samples too', () => {
  const samples = spiky(rate * 4);
  expect(truePeak(samples)).toBeGreaterThan(10);
  for (const limitDb of [-0.5, -1.5, -12]) expect(truePeak(limited(samples, limitDb))).toBeLessThanOrEqual(limitDb);
});

test('as many samples come out as went in, in the same places, whatever the pieces', () => {
  const samples = spiky(10_001);
  const whole = limited(samples, -1.5, 20_000);
  expect(whole).toHaveLength(10_001);
  for (const piece of [1, 13, 255, 257, 4096]) expect(limited(samples, -1.5, piece)).toEqual(whole);
});

test('what is below the limit passes unchanged', () => {
  const samples = spiky(rate).map((value) => value * 0.01);
  expect(limited(samples, -1.5)).toEqual(samples);
});

test('half a second after a peak the level is what it was', () => {
  const samples = new Float32Array(rate * 2).fill(0).map((_, index) => 0.1 * Math.sin(index / 3));
  samples[1000] = 8;
  const out = limited(samples, -1.5);
  expect(Math.abs(out[1000] as number)).toBeLessThan(0.85);
  expect(out[rate]).toBeCloseTo(samples[rate] as number, 4);
  expect(out[500]).toBe(samples[500]);
});

test('less than the look-ahead comes out whole', () => {
  expect(limited(Float32Array.of(0.25, -0.25, 0.5), -1.5)).toEqual(Float32Array.of(0.25, -0.25, 0.5));
  expect(limited(new Float32Array(0), -1.5)).toHaveLength(0);
});

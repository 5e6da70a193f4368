import { expect, test } from 'vitest';
import { LoudnessMeter } from './loudness-meter.ts';

const rate = 16_000;

function tone(seconds: number, amplitude: number, hertz = 997): Float32Array {
  return Float32Array.from({ length: seconds * rate }, (_, index) => amplitude * Math.sin((2 * Math.PI * hertz * index) / rate));
}

function measure(...parts: Float32Array[]): number {
  const meter = new LoudnessMeter(rate);
  for (const part of parts) meter.add(part);
  return meter.integrated();
}

test('a 997 Hz tone of full scale in one channel measures -3.01 LUFS, as BS.1770 says', () => {
  expect(measure(tone(5, 1))).toBeCloseTo(-3.01, 1);
  expect(measure(tone(5, 0.1))).toBeCloseTo(-23.01, 1);
});

test('the measurement does not depend on how the samples are cut into pieces', () => {
  const whole = tone(3, 0.3);
  const pieces = [];
  for (let start = 0; start < whole.length; start += 777) pieces.push(whole.subarray(start, start + 777));
  expect(measure(...pieces)).toBeCloseTo(measure(whole), 10);
});

test('silence, and less than 400 ms of sound, have no loudness', () => {
  expect(measure(new Float32Array(rate * 10))).toBe(Number.NEGATIVE_INFINITY);
  expect(measure(tone(0.39, 0.5))).toBe(Number.NEGATIVE_INFINITY);
  expect(measure(tone(0.4, 0.5))).toBeGreaterThan(-15);
});

test('long silence and passages more than 10 LU below the rest do not count', () => {
  const loud = tone(10, 0.3);
  const alone = measure(loud);
  expect(measure(loud, new Float32Array(rate * 60))).toBeCloseTo(alone, 0);
  expect(measure(loud, tone(60, 0.03))).toBeCloseTo(alone, 0);
});

test('levels far above full scale are measured too', () => {
  expect(measure(tone(2, 100))).toBeCloseTo(36.99, 1);
});

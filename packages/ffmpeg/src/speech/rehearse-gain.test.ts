import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LoudnessMeter } from '../loudness/loudness-meter.ts';
import { TruePeakLimiter } from '../loudness/true-peak-limiter.ts';
import { randomSource } from '../testing/float-wav.ts';
import { rehearseGain } from './rehearse-gain.ts';

const folder = mkdtempSync(join(tmpdir(), 'ffmpeg-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rate = 16_000;
const limitDb = -1.5;

/** Bursts of noise, some of them ten times as high. */
function bursts(seconds: number): Float32Array {
  const next = randomSource();
  return Float32Array.from({ length: seconds * rate }, (_, index) => next() * 0.05 * (index % 4000 < 1000 ? 10 : 1) * Math.abs(Math.sin(index / 9000)));
}

function measure(samples: Float32Array): number {
  const meter = new LoudnessMeter(rate);
  meter.add(samples);
  return meter.integrated();
}

function limited(samples: Float32Array, gainDb: number): number {
  const meter = new LoudnessMeter(rate);
  const limiter = new TruePeakLimiter({ sampleRate: rate, limitDb });
  meter.add(limiter.add(samples.map((value) => value * 10 ** (gainDb / 20))));
  meter.add(limiter.finish());
  return meter.integrated();
}

function stage(samples: Float32Array): { readonly path: string; readonly channels: number; readonly seconds: number } {
  const path = join(folder, 'staged.raw');
  writeFileSync(path, new Uint8Array(samples.buffer));
  return { path, channels: 1, seconds: samples.length / rate };
}

test.each([5, 90])('the gain found for %i seconds brings the whole, with its peaks held down, to the target', async (seconds) => {
  const samples = bursts(seconds);
  const wanted = -12 - measure(samples);
  expect(limited(samples, wanted)).toBeLessThan(-12.4);
  const gainDb = await rehearseGain({ staged: stage(samples), channel: 0, gainDb: wanted, limitDb, largestGainDb: 30 }, {});
  expect(gainDb).toBeGreaterThan(wanted);
  expect(Math.abs(limited(samples, gainDb) + 12)).toBeLessThan(0.2);
});

test('the gain is held at its largest, and without sound in the excerpts it is the one that was given', async () => {
  const samples = bursts(5);
  expect(await rehearseGain({ staged: stage(samples), channel: 0, gainDb: 20, limitDb: -20, largestGainDb: 21 }, {})).toBe(21);
  expect(await rehearseGain({ staged: stage(new Float32Array(rate * 5)), channel: 0, gainDb: 20, limitDb, largestGainDb: 30 }, {})).toBe(20);
});

test('an abort ends it', async () => {
  const call = rehearseGain({ staged: stage(bursts(5)), channel: 0, gainDb: 20, limitDb, largestGainDb: 30 }, { signal: AbortSignal.abort() });
  await expect(call).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }));
});

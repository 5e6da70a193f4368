import { afterAll, describe, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { randomSource, writeFloatWav } from '../testing/float-wav.ts';
import { createWorkbench, ebur128 } from '../testing/workbench.ts';

/** Several runs of ffmpeg a test: more than the usual time on a machine that has much else to do. */
vi.setConfig({ testTimeout: 180_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg({ concurrency: 4 });
const rate = 44_100;
const stereo = (name: string, seconds: number, wave: (t: number) => number): string =>
  writeFloatWav(bench.path(name), Float32Array.from({ length: seconds * rate * 2 }, (_, index) => wave(Math.floor(index / 2) / rate)), rate, 2);
const next = randomSource();
const syllables = (t: number): number => (t % 3 > 2.2 ? 0 : Math.max(0, Math.sin(8 * Math.PI * t)) ** 2 * (0.7 * Math.sin(1131 * t) + 0.3 * next()));
const tone = (t: number): number => Math.sin(2765 * t);

const files = {
  steady: stereo('steady.wav', 5, (t) => 0.05 * tone(t)),
  peaky: stereo('peaky.wav', 8, (t) => (t % 0.5 < 0.004 ? 0.9 * tone(t) : 0.04 * tone(t))),
  speech: stereo('speech.wav', 8, (t) => 0.1 * syllables(t)),
  hot: stereo('hot.wav', 6, (t) => 4 * tone(t)),
  silent: stereo('silent.wav', 3, () => 0),
  short: stereo('short.wav', 0.3, (t) => 0.1 * tone(t)),
};

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

describe('one gain', () => {
  test.each([['steady', 'linear'], ['peaky', 'limited'], ['speech', 'linear'], ['hot', 'linear']] as const)('%s sound comes out at the target with no peak above the limit, at its own rate', async (name, mode) => {
    const { path, loudness } = await ffmpeg.normalizeLoudness(files[name], bench.path(`${name}-gain.wav`));
    const measured = ebur128(path);
    expect(Math.abs(measured.lufs + 16)).toBeLessThanOrEqual(0.5);
    expect(measured.peakDb).toBeLessThanOrEqual(-1.5);
    expect(loudness.mode).toBe(mode);
    expect(Math.abs(measured.lufs - (loudness.outputLufs ?? 0))).toBeLessThanOrEqual(0.2);
  });

  test.each([['silent', 'silent'], ['short', 'too-short']] as const)('%s sound is left alone, and it is said', async (name, reason) => {
    const { loudness, warnings } = await ffmpeg.normalizeLoudness(files[name], bench.path(`${name}-gain.wav`));
    expect(loudness).toMatchObject({ applied: false, mode: 'none', reason, gainDb: 0 });
    expect(warnings).toEqual([expect.stringContaining('left alone')]);
  });
});

describe('two passes of loudnorm', () => {
  test.each(['steady', 'hot', 'speech'] as const)('%s sound keeps its rate, and comes near the target', async (name) => {
    const { path, loudness, durationSeconds } = await ffmpeg.normalizeLoudness(files[name], bench.path(`${name}-loudnorm.wav`), { method: 'loudnorm', targetLufs: -20 });
    expect((await ffmpeg.probe(path)).audio[0]).toMatchObject({ sampleRate: rate, channels: 2 });
    expect(Math.abs(ebur128(path).lufs + 20)).toBeLessThanOrEqual(loudness.mode === 'linear' ? 0.5 : 2);
    expect(durationSeconds).toBeCloseTo((await ffmpeg.probe(files[name])).durationSeconds ?? 0, 1);
  });

  test('a changing gain is never a surprise: it is said', async () => {
    const { loudness, warnings } = await ffmpeg.normalizeLoudness(files.peaky, bench.path('peaky-loudnorm.wav'), { method: 'loudnorm' });
    expect(loudness.mode).toBe('dynamic');
    expect(warnings).toEqual([expect.stringContaining('along the way')]);
  });

  test.each(['silent', 'short'] as const)('%s sound, on which loudnorm itself fails, is left alone', async (name) => {
    const { loudness } = await ffmpeg.normalizeLoudness(files[name], bench.path(`${name}-loudnorm.wav`), { method: 'loudnorm' });
    expect(loudness).toMatchObject({ applied: false, mode: 'none', reason: 'silent' });
  });
});

import { statSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { randomSource, writeFloatWav } from '../testing/float-wav.ts';
import { createWorkbench, ebur128 } from '../testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const rate = 16_000;

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

type Wave = (seconds: number) => number;

function programme(name: string, seconds: number, wave: Wave): string {
  return writeFloatWav(bench.path(name), Float32Array.from({ length: seconds * rate }, (_, index) => wave(index / rate)), rate);
}

const sine = (hertz: number): Wave => (t) => Math.sin(2 * Math.PI * hertz * t);
const noise = (): Wave => {
  const next = randomSource();
  return () => next();
};
/** Syllables: noise and a tone that come and go four times a second, with pauses. */
const syllables = (): Wave => {
  const hiss = noise();
  return (t) => (t % 3 > 2.2 ? 0 : Math.max(0, Math.sin(2 * Math.PI * 4 * t)) ** 2 * (0.7 * sine(180)(t) + 0.3 * hiss(t)));
};
const syllables4: Wave = syllables();
/** Noise that falls by 6 dB an octave. */
const brown = (gain: number): Wave => {
  const next = noise();
  let level = 0;
  return (t) => gain * (level = 0.98 * level + 0.1 * next(t));
};
const scaled = (gain: number, wave: Wave): Wave => (t) => gain * wave(t);
const clipped = (wave: Wave): Wave => (t) => Math.max(-1, Math.min(1, wave(t)));

const programmes: readonly (readonly [string, number, Wave])[] = [
  ['a quiet tone', 6, scaled(0.02, sine(440))],
  ['a loud tone', 6, scaled(0.9, sine(440))],
  ['a high tone between its own samples', 6, scaled(0.4, sine(5333.3))],
  ['white noise', 6, scaled(0.1, noise())],
  ['loud white noise', 6, scaled(0.9, noise())],
  ['syllables', 10, scaled(0.5, syllables())],
  ['faint syllables', 10, scaled(0.04, syllables())],
  ['syllables with one click', 10, (t) => (t > 5 && t < 5.001 ? 0.98 : 0.05 * sine(300)(t))],
  ['many clicks', 10, (t) => (t % 0.5 < 0.002 ? 0.9 : 0.03 * sine(500)(t))],
  ['float samples far above full scale', 6, scaled(4, syllables())],
  ['a clipped recording', 6, clipped(scaled(6, syllables()))],
  ['a square wave', 6, (t) => (sine(200)(t) > 0 ? 0.8 : -0.8)],
  ['half a minute of pause in between', 40, (t) => (t < 5 || t > 35 ? 0.1 * sine(250)(t) : 0)],
  ['rumble below speech', 8, (t) => 0.5 * sine(25)(t) + 0.05 * sine(600)(t)],
  ['brown noise', 8, brown(0.4)],
  ['a sweep over all that speech has', 10, (t) => 0.2 * Math.sin(2 * Math.PI * (100 * t + (3_500 * t * t) / 10))],
  ['a chord', 6, (t) => 0.1 * (sine(220)(t) + sine(277.2)(t) + sine(329.6)(t))],
  ['a low voice with strong overtones', 8, (t) => [1, 2, 3, 4, 5].reduce((sum, part) => sum + (0.3 / part) * sine(110 * part)(t), 0)],
  ['a tone on a constant offset', 6, (t) => 0.3 + 0.1 * sine(500)(t)],
  ['a dialogue of a loud and a soft voice', 16, (t) => (t % 4 < 2 ? 0.5 : 0.08) * syllables4(t)],
  ['a tone at the edge of the band', 6, scaled(0.2, sine(7_600))],
  ['a quarter of the sampling rate, peaks between samples', 6, (t) => 0.7 * Math.sin(2 * Math.PI * 4_000 * t + Math.PI / 4)],
  ['short bursts', 9, (t) => (t % 1 < 0.1 ? 0.6 * sine(700)(t) : 0.01 * sine(200)(t))],
  ['a telegraph', 8, (t) => (Math.floor(t * 12) % 3 === 0 ? 0 : 0.25 * sine(800)(t))],
  ['a buzz on silence', 10, (t) => (t % 0.02 < 0.004 ? 0.5 * sine(1_000)(t) : 0)],
  ['clipped float samples', 6, scaled(2, clipped(scaled(3, syllables())))],
  ['three seconds and a bit', 3.2, scaled(0.05, syllables())],
  ['a crackling record', 10, (t) => (t % 0.37 < 0.0002 ? 0.95 : 0.06 * sine(350)(t))],
  ['a tone of ten minutes in small', 60, (t) => 0.03 * sine(440)(t) * (1 + 0.5 * sine(0.1)(t))],
  ['slowly rising noise', 12, (t) => (t / 12) * 0.8 * sine(900)(t) * (0.6 + 0.4 * sine(3)(t))],
];

test('there are thirty programmes', () => expect(programmes).toHaveLength(30));

describe('measured afterwards by ffmpeg itself', () => {
  test.each(programmes)('%s comes out at -16 LUFS, and no peak is above -1.5 dBTP', async (name, seconds, wave) => {
    const out = bench.path(`${name}.wav`);
    const { loudness, durationSeconds } = await ffmpeg.prepareSpeech(programme('in.wav', seconds, wave), out);
    const measured = ebur128(out);
    expect(durationSeconds).toBeCloseTo(seconds, 2);
    expect(measured.peakDb).toBeLessThanOrEqual(-1.5);
    expect(loudness.reason).toBeUndefined();
    expect(Math.abs(measured.lufs + 16)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(measured.lufs - (loudness.outputLufs ?? 0))).toBeLessThanOrEqual(0.1);
  });

  test('another target and limit are met as well', async () => {
    const out = bench.path('target.wav');
    const { loudness } = await ffmpeg.prepareSpeech(programme('in.wav', 8, syllables()), out, { loudness: { targetLufs: -23, truePeakDb: -9 } });
    const measured = ebur128(out);
    expect(Math.abs(measured.lufs + 23)).toBeLessThanOrEqual(0.5);
    expect(measured.peakDb).toBeLessThanOrEqual(-9);
    expect(loudness.mode).toBe('limited');
  });

  test('speech comes out at the target too', async () => {
    const out = bench.path('spoken.wav');
    const { loudness } = await ffmpeg.prepareSpeech(bench.speak('voice.wav', 'Hello. This is a longer text, which somebody speaks, with a pause. And it ends here.'), out);
    expect(Math.abs(ebur128(out).lufs + 16)).toBeLessThanOrEqual(0.5);
    expect(ebur128(out).peakDb).toBeLessThanOrEqual(-1.5);
    expect(loudness.applied).toBe(true);
  });
});

describe('what is left alone', () => {
  test('silence, and it is said', async () => {
    const { loudness, warnings, bytes } = await ffmpeg.prepareSpeech(programme('in.wav', 3, () => 0), bench.path('silence.wav'));
    expect(loudness).toEqual({ inputLufs: null, inputPeakDb: null, outputLufs: null, gainDb: 0, applied: false, mode: 'none', reason: 'silent' });
    expect(warnings).toEqual([expect.stringContaining('silent')]);
    expect(bytes).toBe(44 + 3 * 32_000);
  });

  test('three tenths of a second, which cannot be measured', async () => {
    const { loudness } = await ffmpeg.prepareSpeech(programme('in.wav', 0.3, scaled(0.1, sine(440))), bench.path('short.wav'));
    expect(loudness).toEqual(expect.objectContaining({ applied: false, mode: 'none', reason: 'too-short', gainDb: 0 }));
  });

  test('a too short clip above full scale is still held below the limit', async () => {
    const out = bench.path('hot.wav');
    await ffmpeg.prepareSpeech(programme('in.wav', 0.3, scaled(3, sine(440))), out);
    expect(ebur128(out).peakDb).toBeLessThanOrEqual(-1.5);
  });

  test('whatever the caller wants left alone', async () => {
    const out = bench.path('off.wav');
    const { loudness } = await ffmpeg.prepareSpeech(programme('in.wav', 3, scaled(0.02, sine(440))), out, { loudness: false });
    expect(loudness).toEqual(expect.objectContaining({ applied: false, mode: 'none', reason: 'off', gainDb: 0 }));
    expect(Math.abs(ebur128(out).lufs - (loudness.inputLufs ?? 0))).toBeLessThanOrEqual(0.1);
  });
});

describe('bounds of the gain', () => {
  test('less than three seconds are changed by at most 12 dB', async () => {
    const { loudness, warnings } = await ffmpeg.prepareSpeech(programme('in.wav', 2, scaled(0.005, sine(440))), bench.path('clip.wav'));
    expect(loudness).toEqual(expect.objectContaining({ gainDb: 12, reason: 'gain-limited', mode: 'linear' }));
    expect(warnings).toEqual([expect.stringContaining('held at 12 dB')]);
  });

  test('nothing is changed by more than 30 dB', async () => {
    const { loudness } = await ffmpeg.prepareSpeech(programme('in.wav', 6, scaled(0.001, sine(440))), bench.path('faint.wav'));
    expect(loudness).toEqual(expect.objectContaining({ gainDb: 30, reason: 'gain-limited' }));
  });
});

test('an output is exactly as long as its samples, and never longer than its header', async () => {
  const out = bench.path('exact.wav');
  const { bytes, durationSeconds } = await ffmpeg.prepareSpeech(programme('in.wav', 5, syllables()), out);
  expect(statSync(out).size).toBe(bytes);
  expect(bytes).toBe(44 + Math.round(durationSeconds * 32_000));
});

import { expect, test } from 'vitest';
import { planGain } from './gain-plan.ts';

const target = { targetLufs: -16, truePeakDb: -1.5 };

test('the gain is the distance to the target', () => {
  expect(planGain({ lufs: -23, peakDb: -12, durationSeconds: 60 }, target)).toEqual({ gainDb: 7, limit: false });
  expect(planGain({ lufs: -6, peakDb: 1, durationSeconds: 60 }, target)).toEqual({ gainDb: -10, limit: false });
});

test('peaks that would pass the limit call for the limiter', () => {
  expect(planGain({ lufs: -23, peakDb: -8, durationSeconds: 60 }, target)).toEqual({ gainDb: 7, limit: true });
  expect(planGain({ lufs: -23, peakDb: -8.6, durationSeconds: 60 }, target).limit).toBe(true);
  expect(planGain({ lufs: -23, peakDb: -8.8, durationSeconds: 60 }, target).limit).toBe(false);
});

test('silence is left alone and said so', () => {
  expect(planGain({ lufs: Number.NEGATIVE_INFINITY, peakDb: Number.NEGATIVE_INFINITY, durationSeconds: 60 }, target)).toEqual({ gainDb: 0, limit: false, reason: 'silent' });
  expect(planGain({ lufs: Number.NEGATIVE_INFINITY, peakDb: -80, durationSeconds: 60 }, target).reason).toBe('silent');
});

test('less than 400 ms cannot be measured and is left alone', () => {
  expect(planGain({ lufs: Number.NEGATIVE_INFINITY, peakDb: -3, durationSeconds: 0.3 }, target)).toEqual({ gainDb: 0, limit: false, reason: 'too-short' });
});

test('the gain is held at 30 dB, and at 12 dB below three seconds', () => {
  expect(planGain({ lufs: -60, peakDb: -50, durationSeconds: 60 }, target)).toEqual({ gainDb: 30, limit: false, reason: 'gain-limited' });
  expect(planGain({ lufs: 40, peakDb: 45, durationSeconds: 60 }, target).gainDb).toBe(-30);
  expect(planGain({ lufs: -40, peakDb: -30, durationSeconds: 2.9 }, target)).toEqual({ gainDb: 12, limit: false, reason: 'gain-limited' });
});

import { expect, test } from 'vitest';
import { defaultLimits } from './options.ts';
import { timeLimit } from './time-limit.ts';

const mib = 1_048_576;
const limit = (bytes: number, durationSeconds?: number, options = {}): number => timeLimit({ bytes, durationSeconds }, defaultLimits, options).timeoutMs;

test('a second for each MB, at least a minute, at most half an hour', () => {
  expect(limit(1000)).toBe(60_000);
  expect(limit(100 * mib)).toBe(100_000);
  expect(limit(100_000 * mib)).toBe(1_800_000);
});

test('the bounds hold for the size only: a long programme gets its own length', () => {
  expect(limit(mib, 30)).toBe(60_000);
  expect(limit(mib, 7200)).toBe(7_200_000);
  expect(timeLimit({ bytes: mib, durationSeconds: 7200 }, { ...defaultLimits, minSpeed: 4 }).timeoutMs).toBe(1_800_000);
});

test('a caller may lengthen the limit, and replace it with `exact`', () => {
  expect(limit(mib, 30, { timeoutMs: 500_000 })).toBe(500_000);
  expect(limit(mib, 30, { timeoutMs: 1000 })).toBe(60_000);
  expect(limit(mib, 30, { timeoutMs: 1000, exact: true })).toBe(1000);
});

test('it says where it comes from', () => {
  expect(timeLimit({ bytes: mib, durationSeconds: 100 }, defaultLimits)).toEqual({ timeoutMs: 100_000, from: 'duration', sizeMs: 60_000, durationMs: 100_000 });
  expect(timeLimit({ bytes: mib, durationSeconds: undefined }, defaultLimits).from).toBe('size');
  expect(timeLimit({ bytes: mib, durationSeconds: 1 }, defaultLimits, { timeoutMs: 5, exact: true }).from).toBe('caller');
});

test('a limit that is no time is refused', () => {
  expect(() => limit(mib, 30, { timeoutMs: Number.NaN })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

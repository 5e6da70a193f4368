import { expect, test } from 'vitest';
import { ageText, bytesText, countText, durationText, timeText } from './units.ts';

test.each([
  [0, '0 B'], [999, '999 B'], [1_000, '1.0 kB'], [12_345, '12.3 kB'], [999_960, '1.0 MB'], [1_500_000, '1.5 MB'], [2e9, '2.0 GB'], [5e15, '5000.0 TB'],
])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([[-5, '0 s'], [59_999, '59 s'], [60_000, '1 min'], [3_599_999, '59 min'], [47 * 3_600_000, '47 h'], [48 * 3_600_000, '2 d']])('an age of %d ms is %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

test.each([[420, '420 ms'], [2_190, '2.1 s'], [9_999, '9.9 s'], [42_000, '42 s'], [185_000, '3 min 5 s'], [7_800_000, '2 h 10 min']])('%d ms took %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test('one is one, and all else is many', () => {
  expect([countText(0, 'file'), countText(1, 'file'), countText(2, 'file')]).toEqual(['0 files', '1 file', '2 files']);
});

test('a time is UTC to the second', () => {
  expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z');
});

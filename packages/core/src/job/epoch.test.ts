import { expect, test } from 'vitest';
import { newEpoch, newToken } from '@media-jobs/core';

test('epochs sort by the time of their creation and are safe in file names', () => {
  const epochs = [0, 1, 31, 32, 1_000, 1_700_000_000_000, 1_800_000_000_000, 2 ** 49].map((now) => newEpoch(now));
  expect(epochs).toEqual(epochs.toSorted());
  for (const epoch of epochs) expect(epoch).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
});

test('an epoch sorts after the one before, in the same millisecond and when the clock has gone back', () => {
  let previous = newEpoch(1_800_000_000_000);
  for (const now of [1_800_000_000_000, 1_800_000_000_000, 1_700_000_000_000, 0, 0, 1_800_000_000_001]) {
    const next = newEpoch(now, previous);
    expect(next > previous).toBe(true);
    expect(next).toHaveLength(26);
    previous = next;
  }
});

test('the epoch after the last one of its kind carries over', () => {
  expect(newEpoch(0, '0'.repeat(10) + 'z'.repeat(16))).toBe('0'.repeat(9) + '1' + '0'.repeat(16));
});

test('tokens are not drawn twice', () => {
  const tokens = Array.from({ length: 10_000 }, newToken);
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(tokens[0]).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
});

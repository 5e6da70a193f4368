import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { lengthenLimits, resolveLimits } from './limits.ts';

const times = { softTimeoutMs: 1_000, hardTimeoutMs: 1_500 };

test('limits that are not named have their defaults, also where undefined is given', () => {
  const undefinedGiven = { ...times, maxAttempts: undefined, concurrency: undefined } as unknown as typeof times;
  const expected = { ...times, maxAttempts: 3, retryBaseMs: 1_000, retryCapMs: 600_000, maxWaiting: 100, concurrency: Math.max(1, Math.floor(availableParallelism() / 2)) };
  expect(resolveLimits(undefinedGiven)).toEqual(expected);
  expect(Object.isFrozen(resolveLimits(times))).toBe(true);
});

test.each([
  [{ softTimeoutMs: 0 }, 'softTimeoutMs'],
  [{ hardTimeoutMs: 999 }, 'hardTimeoutMs'],
  [{ hardTimeoutMs: Number.NaN }, 'hardTimeoutMs'],
  [{ maxAttempts: 0 }, 'maxAttempts'],
  [{ maxAttempts: 1.5 }, 'maxAttempts'],
  [{ concurrency: 0 }, 'concurrency'],
  [{ maxWaiting: -1 }, 'maxWaiting'],
  [{ retryBaseMs: 2_000, retryCapMs: 1_000 }, 'retryCapMs'],
])('%o is refused by the name of %s', (wrong, name) => {
  expect(() => resolveLimits({ ...times, ...wrong })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', facts: expect.objectContaining({ option: `limits.${name}` }) }));
});

test('limits that are lengthened keep their distance, and the hard one is at least 1.2 times what was asked', () => {
  expect(lengthenLimits(times, 3_000)).toEqual({ softTimeoutMs: 3_000, hardTimeoutMs: 3_600 });
  expect(lengthenLimits(times, 2_000)).toEqual({ softTimeoutMs: 2_000, hardTimeoutMs: 2_500 });
  expect(lengthenLimits(times, 500)).toEqual(times);
});

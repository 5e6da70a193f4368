import { createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { startAttemptTimer } from './time-limits.ts';

function timed(limits = { softTimeoutMs: 1_000, hardTimeoutMs: 1_500 }) {
  const clock = createFakeClock();
  const fired: [number, string, unknown][] = [];
  const timer = startAttemptTimer({
    clock, limits,
    onSoft: ({ code, facts }) => void fired.push([clock.monotonic(), code, facts['limit']]),
    onHard: ({ code, facts }) => void fired.push([clock.monotonic(), code, facts['limit']]),
  });
  return { clock, fired, timer };
}

test('the soft limit comes first, the hard one after it', async () => {
  const { clock, fired } = timed();
  await clock.advance(2_000);
  expect(fired).toEqual([[1_000, 'TIMEOUT', 'soft'], [1_500, 'TIMEOUT', 'hard']]);
});

test('limits are lengthened from the start of the attempt, never shortened', async () => {
  const { clock, fired, timer } = timed();
  await clock.advance(900);
  timer.allow(3_000);
  timer.allow(10);
  await clock.advance(5_000);
  expect(fired.map(([at]) => at)).toEqual([3_000, 3_600]);
});

test('once the soft limit has passed, asking for more does not help', async () => {
  const { clock, fired, timer } = timed();
  await clock.advance(1_000);
  timer.allow(60_000);
  await clock.advance(5_000);
  expect(fired.map(([at]) => at)).toEqual([1_000, 1_500]);
});

test('nothing fires after the end', async () => {
  const { clock, fired, timer } = timed();
  timer[Symbol.dispose]();
  timer.allow(10_000);
  await clock.advance(60_000);
  expect(fired).toEqual([]);
  expect(clock.pending).toBe(0);
});

import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { judgeFailure, retryDelayMs, type FailedAttempt } from './retry.ts';

const failed: FailedAttempt = { attempts: 1, refunds: 0, retryBaseMs: 1_000, retryCapMs: 600_000, random: () => 1 };
const error = (code: MediaJobErrorCode, retryAfterMs?: number): MediaJobError => new MediaJobError(code, { message: 'x', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

test('the ceiling of the delay doubles with each failure up to the cap', () => {
  expect([1, 2, 3, 4, 10, 11, 2_000].map((count) => retryDelayMs(count, failed))).toEqual([1_000, 2_000, 4_000, 8_000, 512_000, 600_000, 600_000]);
});

test('the jitter is full: the delay lies anywhere between nothing and its ceiling', () => {
  expect([0, 0.25, 0.999].map((x) => retryDelayMs(3, { ...failed, random: () => x }))).toEqual([0, 1_000, 3_996]);
});

test('a permanent error is not tried again', () => {
  expect(judgeFailure(error('NO_AUDIO'), failed)).toEqual({ kind: 'failed' });
});

test('a transient error, a loss, and one of no known kind are tried again and charged', () => {
  for (const thrown of [error('TIMEOUT'), error('CLAIM_LOST'), MediaJobError.from(new TypeError('boom'))]) {
    expect(judgeFailure(thrown, { ...failed, attempts: 2 })).toEqual({ kind: 'retry', delayMs: 2_000, charged: true });
  }
});

test('an overload waits at least as long as the other side asked', () => {
  expect(judgeFailure(error('QUEUE_FULL', 9_000), failed)).toEqual({ kind: 'retry', delayMs: 9_000, charged: true });
  expect(judgeFailure(error('QUEUE_FULL', 10), { ...failed, attempts: 3 })).toEqual({ kind: 'retry', delayMs: 4_000, charged: true });
});

test('what is away for a known time is not asked before, and that is not charged', () => {
  expect(judgeFailure(error('CIRCUIT_OPEN', 60_000), failed)).toEqual({ kind: 'retry', delayMs: 60_000, charged: false });
});

test('an error of the infrastructure is not charged, and its delay grows with the refunds', () => {
  expect(judgeFailure(error('DISK_FULL'), { ...failed, attempts: 7, refunds: 2 })).toEqual({ kind: 'retry', delayMs: 4_000, charged: false });
  expect(judgeFailure(error('INTERRUPTED'), failed)).toEqual({ kind: 'retry', delayMs: 1_000, charged: false });
});

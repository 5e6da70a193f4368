import { applyClaim, applyCommit, applySubmit, type JobRecord } from '@media-jobs/core';
import type { SerializedError } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import { sampleRequest } from './testing/sample-jobs.ts';

const usage = { wallMs: 1, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } as const;

function failedOnce(error: SerializedError): JobRecord {
  const outcome = applySubmit(null, sampleRequest('01epoch', 'a'), { now: 1_000, epoch: '01epoch', waiting: () => 0 });
  if (outcome.kind === 'refused') throw new Error(outcome.reason);
  const running = applyClaim(outcome.record, { token: 'token', owner: 'worker', leaseMs: 10_000, now: 2_000 });
  const retrying = applyCommit(running, { id: running.id, token: 'token' }, { kind: 'retry', error, delayMs: 5, charged: true, usage }, { epoch: '01epoch', now: 3_000 });
  if (retrying === null) throw new Error('not committed');
  return retrying;
}

test('what is written does not depend on the order of keys, since only the pieces that differ are written', () => {
  const record = failedOnce({ code: 'PROGRAM_FAILED', class: 'transient', message: 'Expected exit code 0, got 1.' });
  const stored = encodeRecord(record);
  const read = decodeRecord(stored, record);
  if (typeof read === 'string') throw new Error(read);
  expect(encodeRecord(read)).toEqual(stored);
  expect(encodeRecord(failedOnce({ message: 'Expected exit code 0, got 1.', code: 'PROGRAM_FAILED', class: 'transient' }))).toEqual(stored);
});

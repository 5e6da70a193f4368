import type { JobRecord } from '@media-jobs/core';
import { ownerId } from '@media-jobs/process';
import { expect, test } from 'vitest';
import { displayWidth } from '../table.ts';
import { sampleError, sampleJob, sampleTime } from '../testing/sample-job.ts';
import { deadLetterTable, jobTable } from './job-table.ts';

const now = sampleTime + 60_000;
const claimOf = (owner: string): JobRecord['claim'] => ({ token: 't', owner, claimedAt: sampleTime, leaseUntil: now });
const gone = ownerId().replace(/-\d+-\d+$/, '-4194305-1');
const usage: JobRecord['usage'] = { wallMs: 2_500, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true };

test.each<[string, Partial<JobRecord>, string]>([
  ['waits', {}, 'waits for a worker'],
  ['runs', { state: 'running', progress: 0.999, phase: 'transcribe', claim: claimOf(ownerId()) }, '99 % transcribe'],
  ['is being cancelled', { state: 'running', cancelRequested: true, claim: claimOf(ownerId()) }, 'is being cancelled'],
  ['lost its worker', { state: 'running', claim: claimOf(gone) }, 'its worker is gone'],
  ['is with a worker that nobody can judge', { state: 'running', phase: 'work', claim: claimOf('worker-1') }, '0 % work'],
  ['will be tried again', { state: 'retrying', error: sampleError, retryAt: now + 5_000 }, 'PROGRAM_FAILED, in 5 s'],
  ['is a dead letter', { state: 'failed', error: sampleError, deadLetter: 'attempts-used-up' }, 'PROGRAM_FAILED, dead letter'],
  ['is completed', { state: 'completed', usage }, 'took 2.5 s'],
  ['is cancelled', { state: 'cancelled' }, '1 min  0/3'],
])('a job that %s says so at the end of its line', (_, changes, end) => {
  expect(jobTable([sampleJob(changes)], now).endsWith(`${end}\n`)).toBe(true);
});

test('no line is wider than 100 columns or holds a character that steers the terminal, however long the names are', () => {
  const inputs = ['\u001b[2J'.padEnd(300, 'x'), '映画'.repeat(80)].map((originalName) => ({ field: 'file', name: 'input-0', bytes: 1, sha256: '', originalName }));
  const jobs = [...inputs, ...inputs].map((input, index) => sampleJob({
    operation: 'o'.repeat(64), inputs: index > 1 ? [input, input] : [input], state: 'failed', error: { ...sampleError, code: 'PROGRAM_NOT_EXECUTABLE' }, deadLetter: 'refunds-used-up', attempts: 2, endedAt: sampleTime, createdAt: now - 3_599_000,
  }));
  for (const table of [jobTable(jobs, now), deadLetterTable(jobs, now)]) {
    expect(Math.max(...table.split('\n').map(displayWidth))).toBeLessThanOrEqual(100);
    expect(table).not.toContain('\u001b');
    expect(table).toContain('PROGRAM_NOT_EXECUTABLE');
  }
});

test('a job without an input, and one with several, fit into a line', () => {
  const input = { field: 'file', name: 'input-0', bytes: 1, sha256: '', originalName: 'a.wav' };
  expect(jobTable([sampleJob({ inputs: [] })], now)).toMatch(/ transcribe +- +1 min /);
  expect(jobTable([sampleJob({ inputs: [input, input, input] })], now)).toContain(' a.wav +2 ');
});

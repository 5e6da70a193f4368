import { expect, test } from 'vitest';
import { sampleError, sampleHistory, sampleJob, sampleTime } from '../testing/sample-job.ts';
import { jobSheet } from './job-sheet.ts';

const place = { workFolder: '/w', now: sampleTime + 60_000 };

test('a job in line is told in a few lines', () => {
  expect(jobSheet(sampleJob(), place)).toBe([
    `job        mj_${'a'.repeat(26)}`,
    'state      queued',
    'operation  transcribe, version 1',
    'input      talk.mp4, 1.0 kB',
    '           /w/jobs/epoch/id/staged/input-0',
    'options    {"language":"en"}',
    'attempts   0 of at most 3',
    'created    2026-01-02T03:04:05Z, 1 min ago',
    'kept       24 h 0 min after its end',
    '',
  ].join('\n'));
});

test('a failed job shows all of its error and its attempts, and no character that steers the terminal', () => {
  const sheet = jobSheet(sampleJob({ state: 'failed', error: sampleError, deadLetter: 'workers-lost', losses: 3, history: sampleHistory, endedAt: sampleTime, expiresAt: sampleTime + 3_660_000 }), place);
  expect(sheet).toContain('state      failed, a dead letter (workers-lost)');
  expect(sheet).toContain('attempts   0 of at most 3, 3 of at most 3 lost with their worker');
  expect(sheet).toContain('expires    2026-01-02T04:05:05Z, in 1 h');
  expect(sheet).toContain('Expected exit code 0,\\u000agot 3.\nadvice      Look at its last words.\nstderrTail  one\n            \\u001b[2Jtwo\ncause       Error: deep\n');
  expect(sheet).toContain('attempt 10 of the last 10: lost with its worker\n  2026-01-02T03:04:05Z, 2.5 s, somebody\n  WORKER_LOST: gone\n  | info: was here\n');
});

test('a running job names the process that works on it', () => {
  const claim = { token: 't', owner: 'worker-1', claimedAt: sampleTime, leaseUntil: sampleTime + 30_000 };
  const sheet = jobSheet(sampleJob({ state: 'running', claim, progress: 0.5, phase: 'prepare', startedAt: sampleTime, cancelRequested: true }), place);
  expect(sheet).toContain('state      running, 50 % (prepare), is being cancelled');
  expect(sheet).toContain('worker     worker-1, has it until 2026-01-02T03:04:35Z unless it beats again');
});

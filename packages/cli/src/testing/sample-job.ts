import { maxHistory, recordSchemaVersion, type JobRecord } from '@media-jobs/core';

/** When the sample jobs were made. */
export const sampleTime = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A job in line, as a store keeps it, with some fields of one's own. */
export function sampleJob(changes: Partial<JobRecord> = {}): JobRecord {
  return {
    schemaVersion: recordSchemaVersion, id: `mj_${'a'.repeat(26)}`, digest: '0'.repeat(64), namespace: '', epoch: 'epoch', operation: 'transcribe', operationVersion: 1,
    state: 'queued', generation: 1, sequence: 1, priority: 0, policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 86_400_000 }, attempts: 0, refunds: 0, losses: 0,
    options: { language: 'en' }, inputs: [{ field: 'file', name: 'input-0', bytes: 1_000, sha256: '0'.repeat(64), originalName: 'talk.mp4' }], inputFolder: 'jobs/epoch/id/staged',
    claim: null, cancelRequested: false, progress: 0, phase: 'waiting', artifacts: [], outputFolder: null, error: null, deadLetter: null, history: [], correlationId: null, usage: null,
    createdAt: sampleTime, queuedAt: sampleTime, startedAt: null, updatedAt: sampleTime, retryAt: null, endedAt: null, expiresAt: null, takeToken: null,
    ...changes,
  };
}

/** The error of a job that failed. */
export const sampleError: NonNullable<JobRecord['error']> = { code: 'PROGRAM_FAILED', message: 'Expected exit code 0,\ngot 3.', class: 'transient', advice: 'Look at its last words.', facts: { stderrTail: 'one\n\u001b[2Jtwo' }, causes: ['Error: deep'] };

/** As many ended attempts as a record keeps. */
export const sampleHistory: JobRecord['history'] = Array.from({ length: maxHistory }, () => ({
  owner: 'somebody', startedAt: sampleTime, endedAt: sampleTime + 2_500, ended: 'lost' as const, error: { code: 'WORKER_LOST', message: 'gone' }, logTail: ['info: was here'],
}));

import { MediaJobError, type SerializedError } from '@media-jobs/foundation';
import { maxHistory, maxLogTail, type AttemptNote, type JobRecord, type JobUsage } from './job.ts';
import { plainCopy, wholeNumber } from './plain-data.ts';
import { nextSequence } from './submit-move.ts';

/** The record's history with a note on the attempt that ends now. */
export function withNote(record: JobRecord, now: number, ended: AttemptNote['ended'], error?: SerializedError, logTail: readonly string[] = []): AttemptNote[] {
  if (record.claim === null) return record.history;
  const note: AttemptNote = {
    owner: record.claim.owner, startedAt: record.claim.claimedAt, endedAt: now, ended,
    error: error === undefined ? null : { code: error.code, message: error.message }, logTail: logTail.slice(-maxLogTail),
  };
  return [...record.history, note].slice(-maxHistory);
}

/** The usage of the generation with one more attempt. Waiting is measured by the store, when the job is claimed. */
export function addUsage(before: JobUsage | null, attempt: JobUsage): JobUsage {
  return {
    wallMs: (before?.wallMs ?? 0) + wholeNumber(attempt.wallMs),
    waitingMs: before?.waitingMs ?? 0,
    cpuMs: (before?.cpuMs ?? 0) + wholeNumber(attempt.cpuMs),
    peakRssBytes: Math.max(before?.peakRssBytes ?? 0, wholeNumber(attempt.peakRssBytes)),
    sampled: true,
  };
}

/** The fields of a job that is in line again. */
export function inLine(record: JobRecord, now: number): Partial<JobRecord> {
  return { claim: null, phase: 'waiting', retryAt: null, sequence: nextSequence(record.sequence, now), updatedAt: now };
}

/** The fields of a job that has ended; its time to live starts here. */
export function atEnd(record: JobRecord, now: number): Partial<JobRecord> {
  return { claim: null, cancelRequested: false, retryAt: null, endedAt: now, expiresAt: now + record.policy.ttlMs, updatedAt: now };
}

/** An error as every store keeps it: what JSON would bring back. */
export function storedError(error: SerializedError): NonNullable<JobRecord['error']> {
  return plainCopy(error) as NonNullable<JobRecord['error']>;
}

/** The error of a job whose workers died too often. */
export function workerLost(record: JobRecord, losses: number): SerializedError {
  return new MediaJobError('WORKER_LOST', {
    message: `Expected a worker to finish the job, got ${losses} workers that stopped beating.`,
    advice: 'Look for what kills the workers (memory, a crash of the engine), then redrive the job.',
    facts: { losses, lastOwner: record.claim?.owner ?? null },
  }).toJSON();
}

import { MediaJobError } from '@media-jobs/foundation';
import type { ClaimKey, Heartbeat, HeartbeatReply, JobPointer } from '../ports/store-messages.ts';
import { atEnd, inLine, workerLost, withNote } from './end-of-attempt.ts';
import type { JobRecord } from './job.ts';
import { wholeNumber } from './plain-data.ts';
import { destination } from './transitions.ts';

/** A new claim. `token` must come from `newToken`: unique for ever. */
export interface NewClaim {
  readonly token: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly now: number;
}

/** Whether a pointer still names this dispatch of this job: same epoch, in line, same dispatch number. */
export function isPresentDispatch(record: JobRecord, pointer: JobPointer): boolean {
  return record.state === 'queued' && record.epoch === pointer.epoch && record.sequence === pointer.sequence;
}

/**
 * Takes a job out of the line and charges an attempt. Throws `ILLEGAL_MOVE` when it is not queued, and `INVALID_OPTION`
 * for a claim without an owner or a lease.
 */
export function applyClaim(record: JobRecord, { token, owner, leaseMs, now }: NewClaim): JobRecord {
  if (owner === '') throw refusal('owner', 'the name of a process', owner);
  if (!(leaseMs > 0 && leaseMs < Infinity)) throw refusal('leaseMs', 'a number above 0', leaseMs);
  const waited = Math.max(0, now - record.updatedAt);
  const usage = record.usage ?? { wallMs: 0, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true };
  return {
    ...record,
    state: destination(record.state, 'claim'),
    claim: { token, owner, claimedAt: now, leaseUntil: now + wholeNumber(leaseMs) },
    attempts: record.attempts + 1,
    usage: { ...usage, waitingMs: usage.waitingMs + waited },
    phase: 'starting',
    startedAt: record.startedAt ?? now,
    updatedAt: now,
  };
}

/** Whether the claim still holds: the job runs under this very token, in this epoch. */
export function holdsClaim(record: JobRecord | null, key: ClaimKey, epoch: string): record is JobRecord & { readonly claim: NonNullable<JobRecord['claim']> } {
  return record !== null && record.epoch === epoch && record.state === 'running' && record.claim?.token === key.token;
}

/** What a beat does: the answer, and the record to write, or null when the claim is lost. */
export interface AppliedBeat {
  readonly reply: HeartbeatReply;
  readonly record: JobRecord | null;
}

/**
 * Prolongs the lease and takes the progress in. The ratio never falls; the phase is taken as it comes. The lease is
 * prolonged also when the job is to be cancelled, so that the worker has time to stop.
 */
export function applyBeat(record: JobRecord | null, beat: Heartbeat, { epoch, leaseMs, now }: { readonly epoch: string; readonly leaseMs: number; readonly now: number }): AppliedBeat {
  if (!holdsClaim(record, beat, epoch)) return { reply: 'lost', record: null };
  const next: JobRecord = {
    ...record,
    state: destination(record.state, 'beat'),
    claim: { ...record.claim, leaseUntil: now + wholeNumber(leaseMs) },
    progress: beat.progress === undefined ? record.progress : laterProgress(record.progress, beat.progress.ratio),
    phase: beat.progress?.phase ?? record.phase,
    updatedAt: now,
  };
  return { reply: record.cancelRequested ? 'cancel' : 'ok', record: next };
}

/** Gives the claim back and refunds the attempt; a job that was to be cancelled ends instead. Null when the claim has passed. */
export function applyRelease(record: JobRecord | null, key: ClaimKey, { epoch, now }: { readonly epoch: string; readonly now: number }): JobRecord | null {
  if (!holdsClaim(record, key, epoch)) return null;
  const released = { ...record, attempts: record.attempts - 1, history: withNote(record, now, 'released') };
  if (record.cancelRequested) return endCancelled(released, now);
  return { ...released, ...inLine(record, now), state: destination(record.state, 'release') };
}

/** Whether a running job has lost its worker: its lease has passed, or its owner is known to be dead. */
export function hasLapsed(record: JobRecord, now: number, deadOwners: readonly string[] = []): boolean {
  return record.state === 'running' && record.claim !== null && (record.claim.leaseUntil <= now || deadOwners.includes(record.claim.owner));
}

/**
 * Takes the claim from a lost worker. The attempt is refunded and the loss counted: the job goes back in line, or becomes
 * a dead letter (`WORKER_LOST`) with its last allowed loss, or ends as cancelled when that was asked for.
 */
export function applyLapse(record: JobRecord, now: number): JobRecord {
  const losses = record.losses + 1;
  const error = workerLost(record, losses);
  const lost = { ...record, losses, attempts: Math.max(0, record.attempts - 1), history: withNote(record, now, 'lost', error) };
  if (record.cancelRequested) return endCancelled(lost, now);
  if (losses < record.policy.maxLosses) return { ...lost, ...inLine(record, now), state: destination(record.state, 'lapse') };
  return { ...lost, ...atEnd(record, now), state: destination(record.state, 'bury'), error: { ...error }, deadLetter: 'workers-lost' } as JobRecord;
}

/** Ends a job as cancelled. Its input is no longer needed: the record drops the folder, which is then the sweep's. */
export function endCancelled(record: JobRecord, now: number): JobRecord {
  return { ...record, ...atEnd(record, now), state: destination(record.state, 'cancel'), error: null, inputFolder: null };
}

function laterProgress(before: number, ratio: number): number {
  return Number.isNaN(ratio) ? before : Math.max(before, Math.min(1, ratio));
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` of a claim to be ${expected}, got \`${String(value)}\`.`, facts: { option } });
}

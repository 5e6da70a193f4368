import { join } from 'node:path';
import type { AttemptNote, DeadLetterReason, JobRecord, JobState, JobUsage } from '@media-jobs/core';
import { isOwnerAlive, parseOwner, type OwnerState } from '@media-jobs/process';

/** A job as the lists print it for programs. Times are ISO 8601 in UTC, or null for what has not come. */
export interface JobSummary {
  readonly id: string;
  readonly state: JobState;
  readonly operation: string;
  readonly namespace: string;
  /** Names are the caller's own. */
  readonly inputs: readonly { readonly field: string; readonly name: string; readonly bytes: number }[];
  readonly generation: number;
  /** Charged attempts of this generation, and how many there may be. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** 0..1 */
  readonly progress: number;
  readonly phase: string;
  readonly cancelRequested: boolean;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly deadLetter: DeadLetterReason | null;
  readonly createdAt: string;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly retryAt: string | null;
  readonly endedAt: string | null;
  readonly expiresAt: string | null;
}

/** All that is known of a job, as `job --json` prints it. */
export interface JobDetail extends Omit<JobSummary, 'inputs'> {
  readonly operationVersion: number;
  readonly priority: number;
  readonly correlationId: string | null;
  readonly options: JobRecord['options'];
  /** `path` is null once the job no longer needs the file. Paths are absolute. */
  readonly inputs: readonly (JobSummary['inputs'][number] & { readonly sha256: string; readonly path: string | null })[];
  readonly files: readonly { readonly name: string; readonly path: string; readonly bytes: number; readonly sha256: string; readonly mediaType: string | null }[];
  readonly refunds: number;
  readonly losses: number;
  readonly maxLosses: number;
  readonly ttlMs: number;
  readonly worker: Worker | null;
  readonly usage: JobUsage | null;
  /** With class, advice, facts and causes, where there are any. */
  readonly error: JobRecord['error'];
  /** Attempts that have ended, oldest first. */
  readonly history: readonly (Omit<AttemptNote, 'startedAt' | 'endedAt'> & { readonly startedAt: string; readonly endedAt: string })[];
  /** What the operation returned; null until then. */
  readonly output: unknown;
}

/** The process that works on a job. */
export interface Worker {
  readonly owner: string;
  /** Null when the owner is none of this library's processes. */
  readonly pid: number | null;
  /** Whether it runs, as far as can be told from here. */
  readonly state: OwnerState;
  readonly claimedAt: string;
  readonly leaseUntil: string;
}

/** The record as the lists print it. */
export function jobSummary(record: JobRecord): JobSummary {
  const { id, state, operation, namespace, generation, attempts, progress, phase, cancelRequested, error, deadLetter } = record;
  return {
    id, state, operation, namespace,
    inputs: record.inputs.map(({ field, originalName, bytes }) => ({ field, name: originalName, bytes })),
    generation, attempts, maxAttempts: record.policy.maxAttempts, progress, phase, cancelRequested,
    error: error === null ? null : { code: error.code, message: error.message },
    deadLetter, ...timesOf(record),
  };
}

/** The record as `job` prints it; `workFolder` is where its files lie. */
export function jobDetail(record: JobRecord, workFolder: string): JobDetail {
  const { operationVersion, priority, correlationId, options, refunds, losses, policy, usage, error, history, output, artifacts, inputFolder, outputFolder } = record;
  return {
    ...jobSummary(record), operationVersion, priority, correlationId, options,
    inputs: record.inputs.map(({ field, originalName, name, bytes, sha256 }) => ({ field, name: originalName, bytes, sha256, path: inputFolder === null ? null : join(workFolder, inputFolder, name) })),
    files: artifacts.map(({ name, bytes, sha256, mediaType = null }) => ({ name, path: join(workFolder, outputFolder ?? '', name), bytes, sha256, mediaType })),
    refunds, losses, maxLosses: policy.maxLosses, ttlMs: policy.ttlMs, worker: workerOf(record), usage, error,
    history: history.map((note) => ({ ...note, startedAt: iso(note.startedAt), endedAt: iso(note.endedAt) })),
    output: output ?? null,
  };
}

/** The process that works on the job now; null when none does. */
export function workerOf({ claim }: JobRecord): Worker | null {
  if (claim === null) return null;
  const { owner, claimedAt, leaseUntil } = claim;
  return { owner, ...judge(owner), claimedAt: iso(claimedAt), leaseUntil: iso(leaseUntil) };
}

/** The process of an attempt that has ended; null when its owner is none of this library's processes. */
export function pidOf(owner: string): number | null {
  return judge(owner).pid;
}

function judge(owner: string): Pick<Worker, 'pid' | 'state'> {
  try {
    return { pid: parseOwner(owner).pid, state: isOwnerAlive(owner) };
  } catch {
    // The names that services of others give to their workers are theirs; the lease alone tells of them.
    return { pid: null, state: 'unknown' };
  }
}

function timesOf({ createdAt, queuedAt, startedAt, retryAt, endedAt, expiresAt }: JobRecord): Pick<JobSummary, 'createdAt' | 'queuedAt' | 'startedAt' | 'retryAt' | 'endedAt' | 'expiresAt'> {
  return { createdAt: iso(createdAt), queuedAt: iso(queuedAt), startedAt: isoOrNull(startedAt), retryAt: isoOrNull(retryAt), endedAt: isoOrNull(endedAt), expiresAt: isoOrNull(expiresAt) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : iso(time);
}

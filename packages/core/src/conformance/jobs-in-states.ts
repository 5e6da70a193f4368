import assert from 'node:assert/strict';
import type { SerializedError } from '@media-jobs/foundation';
import { newToken } from '../job/epoch.ts';
import { jobIdentity } from '../job/identity.ts';
import type { JobRecord, JobUsage } from '../job/job.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ClaimRequest, ClaimedJob, JobPointer, Outcome, SubmitOutcome, SubmitRequest } from '../ports/store-messages.ts';

/** The lease of every claim here, and the time to live of every job. */
export const leaseMs = 10_000;
export const ttlMs = 60 * 60_000;

/** A request for the job that is told by `key`; the same key is the same identity. */
export function requestFor(epoch: string, key: string, changes: Partial<SubmitRequest> = {}): SubmitRequest {
  const { operation = 'transcribe', namespace = '' } = changes;
  const identity = jobIdentity({ operation, version: 1, namespace, options: { key }, inputs: [], facts: {} });
  return {
    ...identity, epoch, namespace, operation, operationVersion: 1, options: { key },
    inputs: [{ field: 'file', name: 'input.mp4', bytes: 1_000, sha256: '0'.repeat(64), originalName: 'talk.mp4' }],
    inputFolder: `jobs/${epoch}/${identity.id}/${newToken()}`,
    policy: { maxAttempts: 3, maxLosses: 3, ttlMs }, priority: 0, correlationId: null, maxWaiting: 1_000, fresh: false, ...changes,
  };
}

/** Submits in the present epoch. */
export async function submit(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}): Promise<SubmitOutcome> {
  return store.submit(requestFor(changes.epoch ?? (await store.epoch()), key, changes));
}

/** Submits a job that must be accepted, and returns its record. */
export async function queued(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}): Promise<JobRecord> {
  const outcome = await submit(store, key, changes);
  assert.ok(outcome.kind === 'created' || outcome.kind === 'restarted', `Expected the submit of ${key} to be accepted, got ${JSON.stringify(outcome)}`);
  return outcome.record;
}

export function claimRequest(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return { owner: 'worker-1', leaseMs, operations: ['transcribe'], limit: 1, ...changes };
}

export function pointerTo({ id, sequence, epoch }: JobRecord): JobPointer {
  return { id, sequence, epoch };
}

/** Claims this job, which must stand in line. */
export async function claimIt(store: JobStore, record: JobRecord, owner = 'worker-1'): Promise<ClaimedJob> {
  const [claimed] = await store.claim(claimRequest({ owner, operations: [record.operation], pointers: [pointerTo(record)] }));
  assert.ok(claimed !== undefined, 'Expected the job to be claimed');
  return claimed;
}

/** A new job that runs. */
export async function running(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}, owner = 'worker-1'): Promise<ClaimedJob> {
  return claimIt(store, await queued(store, key, changes), owner);
}

export const usage: JobUsage = { wallMs: 500, waitingMs: 0, cpuMs: 300, peakRssBytes: 2_000, sampled: true };

export const error: SerializedError = { code: 'PROGRAM_FAILED', class: 'transient', message: 'Expected exit code 0, got 1.', advice: 'Look at the tail.', facts: { exitCode: 1 } };

export function success({ record, key }: ClaimedJob): Outcome & { readonly kind: 'completed' } {
  const artifacts = [{ name: 'transcript.txt', bytes: 70, sha256: '1'.repeat(64), mediaType: 'text/plain' }, { name: 'speech/audio.wav', bytes: 30, sha256: '2'.repeat(64) }];
  return { kind: 'completed', output: { text: 'one two' }, artifacts, outputFolder: `jobs/${record.epoch}/${record.id}/${key.token}`, usage };
}

export const failure: Outcome = { kind: 'failed', error: { ...error, code: 'CORRUPT', class: 'permanent' }, usage };
export const charged: Outcome & { readonly kind: 'retry' } = { kind: 'retry', error, delayMs: 5_000, charged: true, usage };
export const uncharged: Outcome & { readonly kind: 'retry' } = { kind: 'retry', error: { ...error, code: 'DISK_FULL', class: 'infrastructure' }, delayMs: 5_000, charged: false, usage };

/** Commits, which must succeed, and returns the record after it. */
export async function commit(store: JobStore, claimed: ClaimedJob, outcome: Outcome): Promise<JobRecord> {
  const reply = await store.commit(claimed.key, outcome);
  assert.equal(reply.committed, true);
  assert.ok(reply.record !== null);
  return reply.record;
}

export async function completed(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}): Promise<JobRecord> {
  const claimed = await running(store, key, changes);
  return commit(store, claimed, success(claimed));
}

export async function failed(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}): Promise<JobRecord> {
  return commit(store, await running(store, key, changes), failure);
}

export async function retrying(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}, delayMs = 5_000): Promise<JobRecord> {
  return commit(store, await running(store, key, changes), { ...charged, delayMs });
}

export async function cancelled(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}): Promise<JobRecord> {
  const { id } = await queued(store, key, changes);
  assert.equal(await store.requestCancel(id), 'cancelled');
  return stored(store, id);
}

/** The record, which must be there. */
export async function stored(store: JobStore, id: string): Promise<JobRecord> {
  const record = await store.get(id);
  assert.ok(record !== null, `Expected a record of ${id}`);
  return record;
}

/** Rejects with a `MediaJobError` of this code. */
export async function rejectsWith(code: string, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (thrown: unknown) => {
    assert.equal((thrown as { readonly code?: unknown }).code, code, `Expected ${code}, got ${String(thrown)}`);
    return true;
  });
}

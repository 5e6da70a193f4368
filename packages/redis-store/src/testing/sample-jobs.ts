import { jobIdentity, type ClaimRequest, type ClaimedJob, type JobStore, type Outcome, type SubmitRequest } from '@media-jobs/core';

/** A request for the job that is told by `key`; the same key is the same identity. */
export function sampleRequest(epoch: string, key: string, changes: Partial<SubmitRequest> = {}): SubmitRequest {
  const { operation = 'transcribe', namespace = '' } = changes;
  const identity = jobIdentity({ operation, version: 1, namespace, options: { key }, inputs: [], facts: {} });
  return {
    ...identity, epoch, namespace, operation, operationVersion: 1, options: { key }, inputs: [], inputFolder: null,
    policy: { maxAttempts: 3, maxLosses: 3, ttlMs: 3_600_000 }, priority: 0, correlationId: null, maxWaiting: 10_000_000, fresh: false, ...changes,
  };
}

/** Submits a job that must be accepted, and returns its id. */
export async function submitSample(store: JobStore, key: string, changes: Partial<SubmitRequest> = {}): Promise<string> {
  const outcome = await store.submit(sampleRequest(await store.epoch(), key, changes));
  if (outcome.kind === 'refused') throw new Error(`Refused: ${outcome.reason}`);
  return outcome.record.id;
}

export function sampleClaim(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return { owner: 'worker-1', leaseMs: 10_000, operations: ['transcribe'], limit: 1, ...changes };
}

export function sampleSuccess({ record, key }: ClaimedJob): Outcome & { readonly kind: 'completed' } {
  return {
    kind: 'completed', output: { text: 'one two' }, artifacts: [], outputFolder: `jobs/${record.epoch}/${record.id}/${key.token}`,
    usage: { wallMs: 500, waitingMs: 0, cpuMs: 300, peakRssBytes: 2_000, sampled: true },
  };
}

/** Numbers from 0 on, as keys of samples. */
export function keys(count: number, prefix = 'job'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

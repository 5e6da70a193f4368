import type { SubmitOutcome, SubmitRequest } from '../ports/store-messages.ts';
import { checkedRecord, requestedPart } from './checked-record.ts';
import { recordSchemaVersion, type JobRecord } from './job.ts';
import { plainCopy } from './plain-data.ts';
import { destination } from './transitions.ts';

/** What a store must know to judge a submit. */
export interface SubmitContext {
  readonly now: number;
  /** The present epoch. */
  readonly epoch: string;
  /** Jobs of the operation that are `queued` or `retrying` now. Asked only when it matters. */
  readonly waiting: () => number;
}

/** Told to a caller who is refused because the line is full; a guess that a caller may replace by a better one. */
export const queueFullRetryAfterMs = 5_000;

/**
 * Judges a submit against the record of the present epoch, or null. `created` and `restarted` bring the record that the
 * store must write; in every other case it writes nothing. Throws `INVALID_INPUT` when the request makes no valid record.
 */
export function applySubmit(existing: JobRecord | null, request: SubmitRequest, context: SubmitContext): SubmitOutcome {
  if (request.epoch !== context.epoch) return { kind: 'refused', reason: 'epoch-passed' };
  if (existing !== null && existing.digest !== request.digest) return { kind: 'refused', reason: 'id-collision' };
  if (existing !== null && !mayRestart(existing, request, context.now)) return { kind: 'existing', record: existing };
  if (context.waiting() >= request.maxWaiting) return { kind: 'refused', reason: 'queue-full', retryAfterMs: queueFullRetryAfterMs };
  if (existing === null) return { kind: 'created', record: firstRun(request, context.now, 'absent') };
  if (existing.state === 'expiring') return { kind: 'created', record: firstRun(request, context.now, 'expiring', existing.sequence) };
  const run = newRun(request, context.now, nextSequence(existing.sequence, context.now));
  const record = valid({ ...run, state: destination(existing.state, 'restart'), generation: existing.generation + 1, createdAt: existing.createdAt });
  return { kind: 'restarted', record };
}

/** Puts a failed job in line as a new generation, its input as it was. Throws `ILLEGAL_MOVE` when it is not failed. */
export function applyRedrive(record: JobRecord, now: number): JobRecord {
  const state = destination(record.state, 'redrive');
  return {
    ...record, ...untouched, state, generation: record.generation + 1, sequence: nextSequence(record.sequence, now), queuedAt: now, updatedAt: now,
  };
}

/** The dispatch number after `previous`; never below the time, so that one is not drawn twice for an id. */
export function nextSequence(previous: number, now: number): number {
  return Math.max(previous + 1, now);
}

/** What every generation starts with. */
const untouched = {
  attempts: 0, refunds: 0, losses: 0, claim: null, cancelRequested: false, progress: 0, phase: 'waiting', artifacts: [], outputFolder: null, error: null,
  deadLetter: null, history: [], usage: null, startedAt: null, retryAt: null, endedAt: null, expiresAt: null, takeToken: null,
} satisfies Partial<JobRecord>;

function mayRestart(record: JobRecord, request: SubmitRequest, now: number): boolean {
  switch (record.state) {
    case 'queued':
    case 'running':
    case 'retrying':
      return false;
    case 'failed':
    case 'cancelled':
    case 'expiring':
      return true;
    case 'completed':
      return request.fresh || request.discardGeneration === record.generation || (record.expiresAt !== null && record.expiresAt <= now);
  }
}

/** A run that counts from the start. The folders of an expiring record are the sweep's: the new record names others. */
function firstRun(request: SubmitRequest, now: number, from: 'absent' | 'expiring', sequence = -1): JobRecord {
  const state = destination(from, from === 'absent' ? 'create' : 'restart');
  return valid({ ...newRun(request, now, nextSequence(sequence, now)), state });
}

function newRun(request: SubmitRequest, now: number, sequence: number): JobRecord {
  const { id, digest, namespace, epoch, operation, operationVersion, inputFolder, priority, correlationId } = request;
  return {
    schemaVersion: recordSchemaVersion, id, digest, namespace, epoch, operation, operationVersion, state: 'queued', generation: 1, sequence, priority, inputFolder, correlationId,
    policy: { ...request.policy }, options: plainCopy(request.options), inputs: request.inputs.map((input) => ({ ...input })),
    ...untouched, createdAt: now, queuedAt: now, updatedAt: now,
  };
}

function valid(record: JobRecord): JobRecord {
  return checkedRecord(record, requestedPart(), { code: 'INVALID_INPUT', madeFrom: 'a request', advice: 'Submit through `createMediaJobs`, which builds the request.' });
}

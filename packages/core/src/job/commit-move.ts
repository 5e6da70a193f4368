import type { ClaimKey, Outcome } from '../ports/store-messages.ts';
import { checkedRecord, outcomePart } from './checked-record.ts';
import { endCancelled, holdsClaim } from './claim-moves.ts';
import { addUsage, atEnd, storedError, withNote } from './end-of-attempt.ts';
import type { DeadLetterReason, JobRecord } from './job.ts';
import { plainCopy, wholeNumber } from './plain-data.ts';
import { destination } from './transitions.ts';

/** Retries that are not charged come to an end as well, so that every job ends: after this many the job is a dead letter. */
export const maxRefunds = 100;

/**
 * Ends an attempt. Null when the claim or the epoch has passed: then nothing may be written. Throws `OUTPUT_INVALID`
 * when the outcome makes no valid record, such as an artifact outside its folder; the claim then still holds.
 */
export function applyCommit(record: JobRecord | null, key: ClaimKey, outcome: Outcome, { epoch, now }: { readonly epoch: string; readonly now: number }): JobRecord | null {
  if (!holdsClaim(record, key, epoch)) return null;
  const used: JobRecord = { ...record, usage: addUsage(record.usage, outcome.usage) };
  switch (outcome.kind) {
    case 'completed':
      return complete(used, outcome, now);
    case 'retry':
      return retry(used, outcome, now);
    case 'failed':
      return fail(used, outcome, null, now);
    case 'cancelled':
      return endCancelled({ ...used, history: withNote(record, now, 'cancelled') }, now);
  }
}

function complete(record: JobRecord, outcome: Outcome & { readonly kind: 'completed' }, now: number): JobRecord {
  return valid({
    ...record, ...atEnd(record, now), state: destination(record.state, 'complete'), history: withNote(record, now, 'completed'), progress: 1, phase: 'completed',
    ...(outcome.output === undefined ? {} : { output: plainCopy(outcome.output) }), artifacts: outcome.artifacts.map((artifact) => ({ ...artifact })), outputFolder: outcome.outputFolder, inputFolder: null, error: null,
  });
}

function retry(record: JobRecord, outcome: Outcome & { readonly kind: 'retry' }, now: number): JobRecord {
  if (record.cancelRequested) return endCancelled({ ...record, history: withNote(record, now, 'cancelled', outcome.error, outcome.logTail) }, now);
  const counted = outcome.charged ? record : { ...record, attempts: record.attempts - 1, refunds: record.refunds + 1 };
  if (outcome.charged && counted.attempts >= counted.policy.maxAttempts) return fail(counted, outcome, 'attempts-used-up', now);
  if (counted.refunds > maxRefunds) return fail(counted, outcome, 'refunds-used-up', now);
  return valid({
    ...counted, state: destination(record.state, 'retry'), claim: null, phase: 'waiting', error: storedError(outcome.error),
    history: withNote(record, now, 'retry', outcome.error, outcome.logTail), retryAt: now + wholeNumber(outcome.delayMs), updatedAt: now,
  });
}

function fail(record: JobRecord, outcome: Outcome & { readonly kind: 'retry' | 'failed' }, deadLetter: DeadLetterReason | null, now: number): JobRecord {
  return valid({
    ...record, ...atEnd(record, now), state: destination(record.state, 'fail'), deadLetter, error: storedError(outcome.error),
    history: withNote(record, now, 'failed', outcome.error, outcome.logTail),
  });
}

function valid(record: JobRecord): JobRecord {
  return checkedRecord(record, outcomePart(), { code: 'OUTPUT_INVALID', madeFrom: 'a result', advice: 'Names of artifacts and of their folder are relative and stay below it; sizes are whole bytes; digests are sha256 in hex.' });
}

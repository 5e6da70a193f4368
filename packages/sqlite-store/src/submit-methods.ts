import { applyCancel, applyRedrive, applySubmit, type JobRecord, type JobStore, type SubmitOutcome, type SubmitRequest } from '@media-jobs/core';
import { findRecord, putRecord } from './records.ts';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';

/** See `JobStore.submit`. */
export function submit(scope: Scope, request: SubmitRequest): SubmitOutcome {
  const { statements, epoch, era, now } = scope;
  const waiting = (): number => (statements.get(sql.waiting, era, request.operation) as { jobs: number }).jobs;
  const outcome = applySubmit(findRecord(scope, request.id), request, { epoch, now, waiting });
  return outcome.kind === 'created' || outcome.kind === 'restarted' ? { ...outcome, record: putRecord(scope, outcome.record) } : outcome;
}

/** See `JobStore.requestCancel`. */
export function requestCancel(scope: Scope, id: string): Awaited<ReturnType<JobStore['requestCancel']>> {
  const found = findRecord(scope, id);
  if (found === null) return 'absent';
  const { reply, record } = applyCancel(found, scope.now);
  if (record !== null) putRecord(scope, record);
  return reply;
}

/** See `JobStore.redrive`. */
export function redrive(scope: Scope, id: string): JobRecord | null {
  const found = findRecord(scope, id);
  if (found?.state !== 'failed') return null;
  return putRecord(scope, applyRedrive(found, scope.now));
}

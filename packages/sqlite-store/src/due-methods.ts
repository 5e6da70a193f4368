import { applyLapse, applyTake, applyWake, hasEnded, hasLapsed, mayPurge, newToken, type DueJob, type DueRequest, type JobRecord, type TakenJob } from '@media-jobs/core';
import { findRecord, putRecord, readAll, type Row } from './records.ts';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';

/** Later than any time: every running job is looked at. */
const endOfTime = Number.MAX_SAFE_INTEGER;

/** See `JobStore.due`, kind `lease`. With dead owners all running jobs are read: there are never more than workers. */
export function lapse(scope: Scope, { limit, deadOwners = [] }: DueRequest): readonly DueJob[] {
  const { statements, era, now } = scope;
  const [until, most] = deadOwners.length === 0 ? [now, limit] : [endOfTime, -1];
  const running = readAll(scope, () => statements.all(sql.lapsed, era, until, most) as Row[]);
  const lapsed = running.filter((record) => hasLapsed(record, now, deadOwners)).slice(0, limit);
  return lapsed.map((record) => dueJob(putRecord(scope, applyLapse(record, now))));
}

/** See `JobStore.due`, kind `retry`. */
export function wake(scope: Scope, { limit }: DueRequest): readonly DueJob[] {
  const { statements, era, now } = scope;
  const due = readAll(scope, () => statements.all(sql.wakeable, era, now, limit) as Row[]);
  return due.map((record) => dueJob(putRecord(scope, applyWake(record, now))));
}

/** What `due` tells of a job. */
export function dueJob({ id, sequence, epoch, operation, state, priority }: JobRecord): DueJob {
  return { pointer: { id, sequence, epoch }, operation, state, priority };
}

/** See `JobStore.takeExpired`. */
export function takeExpired(scope: Scope, limit: number): readonly TakenJob[] {
  const { statements, era, now } = scope;
  const expired = readAll(scope, () => statements.all(sql.expired, era, now, limit) as Row[]);
  return expired.map((record) => take(scope, record));
}

/** See `JobStore.takeNow`. */
export function takeNow(scope: Scope, id: string): TakenJob | null {
  const record = findRecord(scope, id);
  return record !== null && (hasEnded(record.state) || record.state === 'expiring') ? take(scope, record) : null;
}

function take(scope: Scope, found: JobRecord): TakenJob {
  const { record, taken } = applyTake(found, { takeToken: newToken(), now: scope.now });
  putRecord(scope, record);
  return taken;
}

/** See `JobStore.purge`. */
export function purge(scope: Scope, id: string, takeToken: string): boolean {
  const { statements, era } = scope;
  if (!mayPurge(findRecord(scope, id), takeToken)) return false;
  return statements.run(sql.removeById, id, era) > 0;
}

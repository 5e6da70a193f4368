import {
  applyBeat, applyClaim, applyCommit, applyRelease, isPresentDispatch, newToken,
  type ClaimKey, type ClaimRequest, type ClaimedJob, type CommitReply, type Heartbeat, type HeartbeatReply, type JobRecord, type Outcome,
} from '@media-jobs/core';
import { findRecord, putRecord, readAll, type Row } from './records.ts';
import type { Scope } from './scope.ts';
import { sql } from './sql.ts';

/** See `JobStore.claim`. */
export function claim(scope: Scope, request: ClaimRequest): readonly ClaimedJob[] {
  const { owner, leaseMs } = request;
  const records = request.pointers === undefined ? firstInLine(scope, request) : pointedAt(scope, request, request.pointers);
  return records.map((found) => {
    const token = newToken();
    const record = putRecord(scope, applyClaim(found, { token, owner, leaseMs, now: scope.now }));
    return { record, key: { id: record.id, token } };
  });
}

/** Whether a claim without pointers would find a job, at this moment. */
export function isInLine({ statements, era }: Scope, { operations }: ClaimRequest): boolean {
  return operations.some((operation) => statements.get(sql.inLine, era, operation, 1) !== undefined);
}

/** Highest priority first, then longest in its generation, over all the operations. */
function firstInLine(scope: Scope, { operations, limit }: ClaimRequest): JobRecord[] {
  const { statements, era } = scope;
  const lines = [...new Set(operations)].map((operation) => readAll(scope, () => statements.all(sql.inLine, era, operation, limit) as Row[]));
  const order = (left: JobRecord, right: JobRecord): number => right.priority - left.priority || left.queuedAt - right.queuedAt || left.sequence - right.sequence;
  return lines.flat().sort(order).slice(0, limit);
}

function pointedAt(scope: Scope, { operations, limit }: ClaimRequest, pointers: NonNullable<ClaimRequest['pointers']>): JobRecord[] {
  const found = new Map<string, JobRecord>();
  for (const pointer of pointers) {
    if (found.size >= limit) break;
    const record = findRecord(scope, pointer.id);
    if (record !== null && operations.includes(record.operation) && isPresentDispatch(record, pointer)) found.set(record.id, record);
  }
  return [...found.values()];
}

/** See `JobStore.heartbeat`. */
export function heartbeat(scope: Scope, beats: readonly Heartbeat[], leaseMs: number): readonly HeartbeatReply[] {
  const { epoch, now } = scope;
  return beats.map((beat) => {
    const { reply, record } = applyBeat(findRecord(scope, beat.id), beat, { epoch, now, leaseMs });
    if (record !== null) putRecord(scope, record);
    return reply;
  });
}

/** See `JobStore.commit`. */
export function commit(scope: Scope, key: ClaimKey, outcome: Outcome, next?: ClaimRequest): CommitReply {
  const ended = applyCommit(findRecord(scope, key.id), key, outcome, scope);
  const record = ended === null ? null : putRecord(scope, ended);
  return { committed: record !== null, record, next: next === undefined ? [] : claim(scope, next) };
}

/** See `JobStore.release`. */
export function release(scope: Scope, key: ClaimKey): boolean {
  const record = applyRelease(findRecord(scope, key.id), key, scope);
  if (record !== null) putRecord(scope, record);
  return record !== null;
}

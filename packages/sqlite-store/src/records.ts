import { bytesOf, expiryDueAt, readRecord, type JobRecord } from '@media-jobs/core';
import { noteChange, type Scope } from './scope.ts';
import { sql } from './sql.ts';
import type { SqlValue } from './statements.ts';

/** A row as the searches bring it. */
export interface Row {
  readonly number: number;
  readonly id: string;
  readonly record: unknown;
}

/** The record of the present epoch, or null. One that cannot be read is set aside. */
export function findRecord(scope: Scope, id: string): JobRecord | null {
  const row = scope.statements.get(sql.find, id, scope.era) as Row | undefined;
  return row === undefined ? null : readOrSetAside(scope, row);
}

/** The record of a row; null, and the row set aside, when it cannot be read. */
export function readOrSetAside(scope: Scope, row: Row): JobRecord | null {
  const read = readRow(row, scope.epoch);
  if (typeof read !== 'string') return read;
  setAside(scope, row, read);
  return null;
}

/** The record of a row, or why it is none of ours. */
export function readRow(row: Row, epoch: string): JobRecord | string {
  const read = readRecord(row.record);
  if (read.kind === 'newer') return `It has schema version ${read.schemaVersion}, which a later release wrote.`;
  if (read.kind === 'corrupt') return read.reason;
  if (read.record.id !== row.id) return 'It is the record of another job.';
  if (read.record.epoch !== epoch) return 'It is the record of another epoch.';
  return read.record;
}

/** The records of a search; rows that cannot be read are set aside, and the search is made again to fill their places. */
export function readAll(scope: Scope, search: () => readonly Row[]): JobRecord[] {
  for (;;) {
    const rows = search();
    const records = rows.map((row) => readOrSetAside(scope, row)).filter((record) => record !== null);
    if (records.length === rows.length) return records;
  }
}

/** Writes the record, whatever stood there, notes the change, and returns what a reader will get. */
export function putRecord(scope: Scope, record: JobRecord): JobRecord {
  const text = JSON.stringify(record);
  scope.statements.run(sql.put, ...columnsOf(record, scope.era), text);
  noteChange(scope, record);
  return JSON.parse(text) as JobRecord;
}

/** The values of `sql.put` before the record itself: all that is searched is derived here, from the record alone. */
function columnsOf(record: JobRecord, era: number): SqlValue[] {
  const { id, operation, namespace, state, priority, sequence, createdAt, queuedAt, deadLetter, artifacts, inputs, inputFolder, usage } = record;
  const files = artifacts.length + (inputFolder === null ? 0 : inputs.length);
  const wallMs = state === 'completed' ? (usage?.wallMs ?? 0) : 0;
  return [
    id, era, operation, namespace, state, deadLetter === null ? 0 : 1, priority, sequence, createdAt, queuedAt,
    dueAt(record), files, bytesOf(record), wallMs,
  ];
}

/** When the state next wants attention: entry into the line, end of the lease, time of the retry, or expiry. */
function dueAt(record: JobRecord): number {
  switch (record.state) {
    case 'queued':
      return record.updatedAt;
    case 'running':
      return record.claim?.leaseUntil ?? record.updatedAt;
    case 'retrying':
      return record.retryAt ?? record.updatedAt;
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'expiring':
      return expiryDueAt(record) ?? record.updatedAt;
  }
}

/** Moves a row out of the jobs. */
function setAside(scope: Scope, row: Row, reason: string): void {
  keepAside(scope, row, reason);
  scope.statements.run(sql.remove, row.number);
}

/** Keeps what could not be read for people, counts it, and says so in the log. */
export function keepAside({ statements, logger, now, era }: Scope, { id, record }: Pick<Row, 'id' | 'record'>, reason: string): void {
  statements.run(sql.setAside, era, id, now, reason, record as SqlValue);
  statements.run(sql.count, 'corrupt', 1);
  logger.warn({ jobId: id, reason }, 'A job record could not be read; it was set aside and counts as absent.');
}

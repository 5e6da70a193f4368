import type { DatabaseSync } from 'node:sqlite';
import { newEpoch, readRecord } from '@media-jobs/core';
import type { ResolvedSqliteStoreOptions } from '../options.ts';
import { keepAside, putRecord, type Row } from '../records.ts';
import { createEverything } from '../schema.ts';
import { openScope, type Scope } from '../scope.ts';
import { createStatements } from '../statements.ts';

/** Records that are written before the event loop has its turn. */
const sliceLength = 100;

/**
 * From version 0, which kept records under their ids and nothing beside them (it was never released, and is here to keep
 * the way up in use). Each record is read, upgraded and written anew; what cannot be read is set aside; records of an
 * older epoch are dead and stay behind.
 */
export function* fromRecordsOnly(database: DatabaseSync, { clock, logger }: ResolvedSqliteStoreOptions): Iterable<void> {
  const before = createStatements(database);
  const now = clock.now();
  const epoch = (before.get("SELECT value FROM meta WHERE key = 'epoch'") as { value: string } | undefined)?.value ?? newEpoch(now);
  database.exec(`ALTER TABLE jobs RENAME TO old_jobs; DROP TABLE meta; ${createEverything}`);
  const statements = createStatements(database);
  statements.run('INSERT INTO epochs (era, epoch) VALUES (1, ?)', epoch);
  const scope = openScope(statements, { now: () => now, origin: 0, logger });
  for (let last = 0; ; ) {
    const rows = statements.all('SELECT rowid AS number, id, record FROM old_jobs WHERE rowid > ? ORDER BY rowid LIMIT ?', last, sliceLength) as Row[];
    if (rows.length === 0) break;
    for (const row of rows) carryOver(scope, row);
    last = rows.at(-1)?.number ?? last;
    yield;
  }
  statements.run('DROP TABLE old_jobs');
}

function carryOver(scope: Scope, row: Row): void {
  const read = readRecord(row.record);
  if (read.kind !== 'ok') keepAside(scope, row, read.kind === 'corrupt' ? read.reason : 'A later release wrote it.');
  else if (read.record.epoch === scope.epoch) putRecord(scope, read.record);
}

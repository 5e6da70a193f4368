import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';
import { newEpoch } from '@media-jobs/core';
import { identify } from './identify.ts';
import { fromRecordsOnly } from './migrations/from-records-only.ts';
import type { ResolvedSqliteStoreOptions } from './options.ts';
import { applicationId, createEverything, schemaVersion } from './schema.ts';

/** Turns the tables of one version into those of the next. It yields now and then, so that the event loop has its turn. */
export type Migration = (database: DatabaseSync, options: ResolvedSqliteStoreOptions) => Iterable<void>;

/** `migrations[n]` leads from version n to n + 1. */
const migrations: readonly Migration[] = [fromRecordsOnly];

/**
 * Brings the file to the tables of this version, in one transaction: another process sees the old ones or the new ones,
 * and one that is killed on the way leaves the old ones. Two processes that come at once: the second finds it done.
 */
export async function upgrade(database: DatabaseSync, options: ResolvedSqliteStoreOptions): Promise<void> {
  if (identify(database, options.file) === schemaVersion) return;
  database.exec('BEGIN IMMEDIATE');
  const found = identify(database, options.file);
  if (found === 'empty') createStore(database, options);
  else for (const migrate of migrations.slice(found)) for (const _ of migrate(database, options)) await nextTurn();
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
  if (found !== schemaVersion) options.logger.info({ file: options.file, from: found, to: schemaVersion }, 'The tables of the job store were made or upgraded.');
}

function createStore(database: DatabaseSync, { clock }: ResolvedSqliteStoreOptions): void {
  database.exec(createEverything);
  database.prepare('INSERT INTO epochs (era, epoch) VALUES (1, ?)').run(newEpoch(clock.now()));
}

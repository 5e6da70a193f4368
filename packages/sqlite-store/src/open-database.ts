import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { MediaJobError } from '@media-jobs/foundation';
import { createConnection, type Connection } from './connection.ts';
import { prepareFolder } from './database-folder.ts';
import { identify, pragma } from './identify.ts';
import { loadSqlite } from './load-sqlite.ts';
import { upgrade } from './migrations.ts';
import type { ResolvedSqliteStoreOptions } from './options.ts';
import { storeError } from './sqlite-error.ts';
import type { StatementObserver } from './statements.ts';
import { whileBusy } from './while-busy.ts';

/**
 * Opens the file; makes it, or upgrades its tables, when need be. Safe from several processes at once.
 * Throws `STORE_INCOMPATIBLE` for a file that is no store of ours, newer, or damaged; `STORE_UNAVAILABLE` and `DISK_FULL`
 * when it cannot be opened or written.
 */
export async function openDatabase(options: ResolvedSqliteStoreOptions, observe?: StatementObserver): Promise<Connection> {
  const { file, logger, retryForMs } = options;
  try {
    await prepareFolder(file, logger);
    return await whileBusy(retryForMs, () => connect(options, observe));
  } catch (error) {
    throw storeError(error, file);
  }
}

async function connect(options: ResolvedSqliteStoreOptions, observe?: StatementObserver): Promise<Connection> {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(options.file);
  try {
    database.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
    if (identify(database, options.file) === 'empty') database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    enterWal(database, options.file);
    await upgrade(database, options);
    return createConnection(database, { isPresent: presenceOf(options.file), observe });
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Tells whether the path still leads to the file that is open now. One that was deleted or replaced would take writes
 * until the process ends and then be gone; SQLite does not notice.
 */
function presenceOf(file: string): () => boolean {
  const identity = (): string | null => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  };
  const opened = identity();
  return () => identity() === opened;
}

/**
 * Write-ahead log: readers never wait for the writer, and a process that is killed in the middle of a transaction leaves
 * nothing of it. The size limit gives the disk back after a large transaction.
 */
function enterWal(database: DatabaseSync, file: string): void {
  const mode = pragma(database, 'journal_mode = WAL');
  if (mode !== 'wal') {
    throw new MediaJobError('STORE_UNAVAILABLE', {
      message: `Expected a file system on which SQLite can keep a write-ahead log, got the journal mode ${String(mode)} (${file}).`,
      advice: 'Put the file on a local disk.',
      facts: { file, mode },
    });
  }
  database.exec('PRAGMA journal_size_limit = 33554432; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
}

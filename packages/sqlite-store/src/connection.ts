import type { DatabaseSync } from 'node:sqlite';
import { createStatements, type StatementObserver, type Statements } from './statements.ts';

/**
 * What a power cut may take back. `durable`: nothing that was acknowledged, because the log is synced before the call
 * returns. `relaxed`: the last few seconds of what only repeats work when it is lost, such as a heartbeat. Neither can
 * damage the file, and the end of a process, SIGKILL included, takes back nothing of either.
 */
export type Durability = 'durable' | 'relaxed';

/** What is done in one transaction. Synchronous, and may be run again: it must change nothing but the database. */
export type Work<Result> = (statements: Statements) => Result;

/** An open connection. Everything blocks, waits for other processes no longer than the busy timeout, and throws SQLite's errors. */
export interface Connection {
  /** In one transaction that begins by locking out other writers. */
  write<Result>(durability: Durability, work: Work<Result>): Result;
  /** On one state of the file. */
  read<Result>(work: Work<Result>): Result;
  /** Whether the path still leads to the file that this connection has open. */
  isPresent(): boolean;
  close(): void;
}

export interface ConnectionOptions {
  readonly isPresent: () => boolean;
  readonly observe?: StatementObserver | undefined;
}

/** In a write-ahead log FULL syncs the log with every commit, NORMAL only before the log is folded into the file. */
const synchronous: Readonly<Record<Durability, string>> = { durable: 'FULL', relaxed: 'NORMAL' };

/** A connection on this database, which it closes in the end. */
export function createConnection(database: DatabaseSync, { isPresent, observe }: ConnectionOptions): Connection {
  const statements = createStatements(database, observe);
  let level: Durability | null = null;
  /** The pragma acts when it is compiled and not inside a transaction, so it is neither cached nor part of the work. */
  const enter = (durability: Durability): void => {
    if (level !== durability) database.exec(`PRAGMA synchronous = ${synchronous[durability]}`);
    level = durability;
  };
  const transact = <Result>(begin: string, work: Work<Result>): Result => {
    statements.run(begin);
    try {
      const result = work(statements);
      statements.run('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    write: (durability, work) => {
      enter(durability);
      return transact('BEGIN IMMEDIATE', work);
    },
    read: (work) => transact('BEGIN', work),
    isPresent,
    close: () => database.close(),
  };
}

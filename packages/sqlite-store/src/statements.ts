import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** A value that a statement takes. */
export type SqlValue = SQLInputValue;

/** Runs statements on one connection. Each text is compiled once. All calls are synchronous and throw SQLite's errors. */
export interface Statements {
  /** The first row, or undefined. */
  readonly get: (text: string, ...values: SqlValue[]) => unknown;
  readonly all: (text: string, ...values: SqlValue[]) => unknown[];
  /** The number of rows that changed. */
  readonly run: (text: string, ...values: SqlValue[]) => number;
}

/** Told of every statement that runs; for tests that count them. */
export type StatementObserver = (text: string) => void;

/** A limit may be `Infinity`, which SQLite does not know. */
function bounded(value: SqlValue): SqlValue {
  return value === Infinity ? Number.MAX_SAFE_INTEGER : value;
}

/** `Statements` on this connection. The cache is as large as the set of texts in `sql.ts`. */
export function createStatements(database: DatabaseSync, observe?: StatementObserver): Statements {
  const compiled = new Map<string, StatementSync>();
  const statement = (text: string): StatementSync => {
    observe?.(text);
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const fresh = database.prepare(text);
    compiled.set(text, fresh);
    return fresh;
  };
  return {
    get: (text, ...values) => statement(text).get(...values.map(bounded)),
    all: (text, ...values) => statement(text).all(...values.map(bounded)),
    run: (text, ...values) => Number(statement(text).run(...values.map(bounded)).changes),
  };
}

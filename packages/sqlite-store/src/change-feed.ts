import type { StoreChange } from '@media-jobs/core';
import { MediaJobError, type Clock, type Logger, type Timer } from '@media-jobs/foundation';
import { closedError } from './closed-error.ts';
import type { ScopeSource } from './scope.ts';
import { sql } from './sql.ts';
import type { Statements } from './statements.ts';
import type { Transactions } from './transactions.ts';

/** Tells listeners what moved. */
export interface ChangeFeed extends Disposable {
  watch(listener: (change: StoreChange) => void): Disposable;
  /** Tells the changes of this handle, at once. */
  tell(changes: readonly StoreChange[]): void;
}

export interface ChangeFeedOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollIntervalMs: number;
  readonly transactions: Transactions;
  readonly origin: ScopeSource['origin'];
}

/** How far the feed has read. `version` is SQLite's own count of the commits of other connections. */
interface Seen {
  readonly version: number;
  readonly number: number;
  readonly changes: readonly StoreChange[];
}

/**
 * Changes of this handle are told after their commit. Those of other processes are looked for while somebody listens:
 * one look reads a counter that SQLite keeps in memory, and the ring of changes only when it has moved.
 */
export function createChangeFeed({ clock, logger, pollIntervalMs, transactions, origin }: ChangeFeedOptions): ChangeFeed {
  const listeners = new Set<(change: StoreChange) => void>();
  let seen: Seen | null = null;
  let timer: Timer | null = null;
  let looking = false;
  let closed = false;

  const tell = (changes: readonly StoreChange[]): void => {
    for (const change of changes) for (const listener of listeners) queueMicrotask(() => listeners.has(listener) && listener(change));
  };
  const look = async (): Promise<void> => {
    looking = true;
    try {
      seen = await transactions.read((statements) => lookAt(statements, seen, origin));
      tell(seen.changes);
    } catch (error) {
      if (!closed) logger.warn({ error: MediaJobError.from(error).toJSON() }, 'Changes of other processes could not be read; they are looked for again.');
    }
    looking = false;
    rest();
  };
  /** Until the next look, or for good when nobody listens any more. */
  const rest = (): void => {
    timer?.cancel();
    timer = listeners.size === 0 ? null : clock.after(pollIntervalMs, () => void look());
    if (listeners.size === 0) seen = null;
  };
  const watch = (listener: (change: StoreChange) => void): Disposable => {
    if (closed) throw closedError();
    const own = (change: StoreChange): void => listener(change);
    listeners.add(own);
    if (listeners.size === 1 && !looking) void look();
    return { [Symbol.dispose]: () => void (listeners.delete(own) && listeners.size === 0 && rest()) };
  };
  const close = (): void => {
    closed = true;
    listeners.clear();
    rest();
  };
  return { tell, watch, [Symbol.dispose]: close };
}

function lookAt(statements: Statements, seen: Seen | null, origin: number): Seen {
  const version = (statements.get(sql.dataVersion) as { data_version: number }).data_version;
  if (seen?.version === version) return { ...seen, changes: [] };
  const last = (statements.get(sql.lastChange) as { number: number }).number;
  const changes = seen === null ? [] : (statements.all(sql.changesSince, seen.number, origin) as StoreChange[]);
  return { version, number: last, changes: changes.map((change) => ({ ...change })) };
}

import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';

/** How a SQLite store is set up. Only `file` is required. */
export interface SqliteStoreOptions {
  /** The database file, on a local disk. It and its folder are made when they are missing. */
  readonly file: string;
  /** The store's time, and the timer of `watch`. All processes on one file should run on the same time. Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How long SQLite itself may wait for another process, blocking the event loop: 0..50 ms. Default 5 ms. */
  readonly busyTimeoutMs?: number;
  /** How long a call is tried again, without blocking, while another process holds the file. Default 5000 ms. */
  readonly retryForMs?: number;
  /** How often `watch` looks for changes of other processes, while somebody listens. Default 200 ms. */
  readonly pollIntervalMs?: number;
}

/** The options with every default filled in. */
export type ResolvedSqliteStoreOptions = Readonly<Required<SqliteStoreOptions>>;

/** What is in force when an option is not given. */
export const sqliteStoreDefaults = Object.freeze({ busyTimeoutMs: 5, retryForMs: 5_000, pollIntervalMs: 200 });

/** Above this a wait inside SQLite would be felt by everything else that runs in the process, heartbeats included. */
const longestBusyTimeoutMs = 50;

function invalid(name: string, expected: string, got: unknown, advice: string): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${name}\` to be ${expected}, got \`${inspect(got, { depth: 0 })}\`.`, advice, facts: { option: name } });
}

function checkInteger(name: string, value: unknown, least: number, most: number, advice: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(name, `a whole number from ${least} to ${most}`, value, advice);
}

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveOptions(options: SqliteStoreOptions): ResolvedSqliteStoreOptions {
  const {
    file,
    clock = systemClock,
    logger = silentLogger,
    busyTimeoutMs = sqliteStoreDefaults.busyTimeoutMs,
    retryForMs = sqliteStoreDefaults.retryForMs,
    pollIntervalMs = sqliteStoreDefaults.pollIntervalMs,
  } = options;
  if (typeof file !== 'string' || file === '' || file.includes('\0')) throw invalid('file', 'the path of a file', file, 'Give the path of the database file, such as `./work/jobs.db`.');
  if (file.startsWith(':memory:')) throw invalid('file', 'the path of a file', file, 'For jobs that need not survive, use the memory store of `@media-jobs/core`.');
  checkInteger('busyTimeoutMs', busyTimeoutMs, 0, longestBusyTimeoutMs, 'SQLite blocks the event loop while it waits; let `retryForMs` do the long waiting.');
  checkInteger('retryForMs', retryForMs, 0, 3_600_000, 'Give the longest time that a call may wait for another process.');
  checkInteger('pollIntervalMs', pollIntervalMs, 1, 3_600_000, 'Give the time between two looks at the file.');
  return Object.freeze({ file: resolve(file), clock, logger, busyTimeoutMs, retryForMs, pollIntervalMs });
}

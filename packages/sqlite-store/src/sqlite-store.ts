import { randomInt } from 'node:crypto';
import type { JobStore, StoreReopening } from '@media-jobs/core';
import { createChangeFeed, type ChangeFeed } from './change-feed.ts';
import { purge, takeNow } from './due-methods.ts';
import { reset, shareSettings } from './epoch-methods.ts';
import { openDatabase } from './open-database.ts';
import { resolveOptions, type SqliteStoreOptions } from './options.ts';
import { openScope, type Scope, type ScopeSource } from './scope.ts';
import { beat, collectOlder, due, get, list, takeAllExpired, type Access } from './sliced-methods.ts';
import { sql } from './sql.ts';
import type { StatementObserver } from './statements.ts';
import { stats } from './stats.ts';
import { redrive, requestCancel, submit } from './submit-methods.ts';
import { createTransactions } from './transactions.ts';
import { claim, commit, isInLine, release } from './worker-methods.ts';

/**
 * A durable store in one SQLite file, which several processes of one machine may share. Nothing happens before the first
 * call: it makes the file and its folder, or upgrades the tables of an older version.
 * Throws `INVALID_OPTION`; every method may throw `STORE_UNAVAILABLE`, `STORE_INCOMPATIBLE` or `DISK_FULL`.
 */
export function createSqliteStore(options: SqliteStoreOptions): JobStore {
  return createObservedStore(options);
}

/** As `createSqliteStore`; tells each statement that runs to `observe`, for tests that count them. */
export function createObservedStore(given: SqliteStoreOptions, observe?: StatementObserver): JobStore {
  const options = resolveOptions(given);
  const { clock, logger, file, retryForMs, pollIntervalMs } = options;
  const source: ScopeSource = { now: () => clock.now(), origin: randomInt(2 ** 47), logger };
  const transactions = createTransactions({ file, retryForMs, logger, open: () => openDatabase(options, observe) });
  const feed = createChangeFeed({ clock, logger, pollIntervalMs, transactions, origin: source.origin });
  const access: Access = {
    read: (work) => transactions.read((statements) => work(openScope(statements, source))),
    write: async (durability, work) => {
      const { result, changes } = await transactions.write(durability, (statements) => {
        const scope = openScope(statements, source);
        return { result: work(scope), changes: scope.changes };
      });
      feed.tell(changes);
      return result;
    },
  };
  const reopen: StoreReopening = { module: import.meta.url, factory: createSqliteStore.name, options: { file, retryForMs, busyTimeoutMs: options.busyTimeoutMs } };
  return { ...storeMethods(access, feed), reopen, [Symbol.asyncDispose]: async () => { feed[Symbol.dispose](); await transactions[Symbol.asyncDispose](); } };
}

/**
 * Claims that find nothing are made again and again, by every idle worker. After one, the line is looked at first, which waits
 * for no lock: idle workers of many processes would else take turns at the one of the file with those that have something to write.
 */
function createClaim({ read, write }: Access): JobStore['claim'] {
  let foundNothing = false;
  return async (request) => {
    if (request.pointers !== undefined) return write('durable', (scope) => claim(scope, request));
    if (foundNothing && !(await read((scope) => isInLine(scope, request)))) return [];
    const claimed = await write('durable', (scope) => claim(scope, request));
    foundNothing = claimed.length === 0;
    return claimed;
  };
}

function storeMethods({ read, write }: Access, feed: ChangeFeed): Omit<JobStore, typeof Symbol.asyncDispose> {
  const durable = <Result>(work: (scope: Scope) => Result): Promise<Result> => write('durable', work);
  const access: Access = { read, write };
  return {
    specVersion: 1,
    capabilities: { multiProcess: true, durable: true },
    epoch: () => read(({ epoch }) => epoch),
    submit: (request) => durable((scope) => submit(scope, request)),
    get: (id) => get(access, id),
    list: (filter, page) => list(access, filter, page),
    claim: createClaim(access),
    heartbeat: (beats, leaseMs) => beat(access, beats, leaseMs),
    commit: (key, outcome, next) => durable((scope) => commit(scope, key, outcome, next)),
    release: (key) => durable((scope) => release(scope, key)),
    requestCancel: (id) => durable((scope) => requestCancel(scope, id)),
    due: (kind, request) => due(access, kind, request),
    takeExpired: (limit) => takeAllExpired(access, limit),
    purge: (id, takeToken) => write('relaxed', (scope) => purge(scope, id, takeToken)),
    takeNow: (id) => durable((scope) => takeNow(scope, id)),
    redrive: (id) => durable((scope) => redrive(scope, id)),
    stats: () => read(stats),
    countLookup: (kind) => write('relaxed', ({ statements }) => void statements.run(sql.count, kind, 1)),
    watch: (listener) => feed.watch(listener),
    reset: () => durable(reset),
    collect: (limit) => collectOlder(access, limit),
    shareSettings: (settings) => write('relaxed', (scope) => shareSettings(scope, settings)),
    ping: () => read(() => undefined),
  };
}

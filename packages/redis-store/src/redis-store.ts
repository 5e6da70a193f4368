import { asRead, type HealthCheck, type JobStore, type LookupKind } from '@media-jobs/core';
import { createChangeFeed, type ChangeFeed } from './change-feed.ts';
import { createConnection } from './connection.ts';
import { due, takeExpired } from './due-methods.ts';
import { collect, shareSettings } from './epoch-methods.ts';
import { createEras } from './eras.ts';
import { createHealthCheck } from './health-check.ts';
import { createHeldClaims } from './held-claims.ts';
import { storeKeys } from './keys.ts';
import { createKnownRecords, type KnownRecords } from './known-records.ts';
import { list } from './list.ts';
import { createNewJobs } from './new-jobs.ts';
import { ownDatabase } from './own-database.ts';
import { resolveOptions, type RedisStoreOptions, type ResolvedRedisStoreOptions } from './options.ts';
import { createRecords, type Records } from './records.ts';
import { createScriptRunner, type ScriptRunner, type TripObserver } from './script-runner.ts';
import { countScript } from './scripts/read.ts';
import { stats } from './stats.ts';
import { batchTurn } from './turn-batch.ts';
import { purge, redrive, requestCancel, submit, takeNow } from './submit-methods.ts';
import { claim, commit, heartbeat, release, type WorkerContext } from './worker-methods.ts';
import { createWorkBatch } from './work-batch.ts';

/** A store on Redis, and a look at whether that Redis is fit to keep jobs. */
export interface RedisStore extends JobStore {
  /** Whether Redis answers, and what in its settings could lose acknowledged jobs. */
  readonly check: HealthCheck['check'];
  readonly name: HealthCheck['name'];
}

/**
 * A store on Redis 7 or Valkey, one node or a cluster, which any number of processes share. Nothing happens before the first
 * call. Throws `INVALID_OPTION`; every method may throw `STORE_UNAVAILABLE`.
 */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  return createObservedStore(options);
}

/** As `createRedisStore`; tells each trip to `observe`, for tests that count them. */
export function createObservedStore(given: RedisStoreOptions, observe?: TripObserver): RedisStore {
  const options = resolveOptions(given);
  const { clock, logger, prefix, clockOffsetMs } = options;
  const keys = storeKeys(prefix);
  const connection = createConnection(options, keys.epoch);
  const runner = createScriptRunner(connection, options, observe);
  const known = createKnownRecords();
  const eras = createEras(runner, prefix, clockOffsetMs);
  const records = createRecords(eras, known, logger);
  const feed = createChangeFeed({ connection, clock, logger, events: keys.events });
  const cancels = createChangeFeed({ connection, clock, logger, events: keys.cancels });
  let disposing: Promise<void> | null = null;
  const dispose = async (): Promise<void> => {
    await Promise.all([feed, cancels].map((each) => each[Symbol.asyncDispose]()));
    await connection[Symbol.asyncDispose]();
  };
  const owned = options.ownsDatabase ? ownDatabase({ eras, runner, clockOffsetMs, collect: (limit) => collect(records, runner, limit) }) : {};
  return { ...storeMethods(records, known, runner, { feed, cancels }), ...reopening(options), ...owned, ...createHealthCheck(runner), [Symbol.asyncDispose]: () => (disposing ??= dispose()) };
}

/** A client cannot go to another thread. */
function reopening({ source, prefix, connectAttempts, connectTimeoutMs, minReplicas, waitReplicasMs, clockOffsetMs }: ResolvedRedisStoreOptions): Pick<JobStore, 'reopen'> {
  if ('client' in source) return {};
  return { reopen: { module: import.meta.url, factory: createRedisStore.name, options: { url: source.url, prefix, connectAttempts, connectTimeoutMs, minReplicas, waitReplicasMs, clockOffsetMs: clockOffsetMs() } } };
}

function storeMethods(records: Records, known: KnownRecords, runner: ScriptRunner, { feed, cancels }: { readonly feed: ChangeFeed; readonly cancels: ChangeFeed }): Omit<JobStore, typeof Symbol.asyncDispose> {
  const newJobs = createNewJobs(records, known);
  const context: WorkerContext = { records, known, held: createHeldClaims(), work: createWorkBatch(records, newJobs.mark) };
  const lookups = batchTurn<LookupKind, undefined>(async (kinds) => {
    const args = [...Map.groupBy(kinds, (kind) => kind)].flatMap(([kind, some]) => [`#${kind}`, some.length]);
    await records.eras.act(countScript, 'write', ({ keys }) => ({ keys: [keys.tally], args }));
    return [];
  });
  return {
    specVersion: 1,
    capabilities: { multiProcess: true, durable: true },
    epoch: async () => (await records.eras.refresh()).epoch,
    submit: (request) => submit(records, newJobs, request),
    get: async (id) => {
      for (let era = await records.eras.present(); ; era = await records.eras.refresh()) {
        const place = await records.readOne(era, id);
        if (place !== null) return asRead(place.record, place.now);
      }
    },
    list: (filter, page) => list(records, runner, filter, page),
    claim: (request) => claim(context, request),
    heartbeat: (beats, leaseMs) => heartbeat(context, beats, leaseMs),
    commit: (key, outcome, next) => commit(context, key, outcome, next),
    release: (key) => release(context, key),
    requestCancel: (id) => requestCancel(records, id),
    due: (kind, request) => due(records, kind, request),
    takeExpired: (limit) => takeExpired(records, limit),
    purge: (id, takeToken) => purge(records, id, takeToken),
    takeNow: (id) => takeNow(records, id),
    redrive: (id) => redrive(records, id),
    stats: () => stats(records, runner),
    countLookup: (kind) => lookups(kind),
    watch: (listener, only) => (only === 'cancels' ? cancels : feed).watch(listener),
    watchEpoch: (listener) => cancels.watchEpoch(listener),
    reset: async () => (await records.eras.replace()).epoch,
    collect: (limit) => collect(records, runner, limit),
    shareSettings: (settings) => shareSettings(records, runner, settings),
    ping: async () => void (await runner.command('ping', (client) => client.exists(records.eras.keys.epoch))),
  };
}

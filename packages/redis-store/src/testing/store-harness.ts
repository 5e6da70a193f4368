import type { JobStore } from '@media-jobs/core';
import { inTurn, type JobStoreHarness } from '@media-jobs/core/conformance';
import type { Redis } from 'ioredis';
import { createRedisStore, type RedisStoreOptions } from '@media-jobs/redis-store';
import { storeKeys } from '../keys.ts';

/** How the harness makes its stores. */
export interface RedisHarnessOptions extends Pick<RedisStoreOptions, 'url' | 'client'> {
  /** With 2 each call of a case goes to another of two handles on the same data in turn, so that whatever one process keeps in its memory is found out. */
  readonly handles: 1 | 2;
  /** Each store gets a database of its own and owns it, the first the one of this number; `url` must be given. Default: all share one, each with a prefix of its own. */
  readonly ownDatabasesFrom?: number;
}

/** Where one store keeps its data. */
interface Place {
  readonly prefix: string;
  /** Number of the database, where each store has one. */
  readonly database: number | null;
}

/** The harness of the conformance cases on one Redis. `admin` must be of nobody else: it is put onto another database at need. */
export function redisHarness({ handles, ownDatabasesFrom, ...source }: RedisHarnessOptions, admin: Pick<Redis, 'get' | 'del' | 'set' | 'select'>): JobStoreHarness {
  const places = new Map<JobStore, Place>();
  const offset = { ms: 0 };
  let made = 0;
  const openOn = async (place: Place): Promise<JobStore> => {
    const { prefix, database } = place;
    const where = database === null ? source : { url: new URL(String(database), source.url).href, ownsDatabase: true };
    const open = async (): Promise<JobStore> => {
      const store = createRedisStore({ ...where, prefix, clockOffsetMs: () => offset.ms });
      await store.ping();
      return store;
    };
    const store = handles === 1 ? await open() : inTurn(await open(), await open());
    places.set(store, place);
    return store;
  };
  const placeOf = (store: JobStore): Place => places.get(store) ?? { prefix: '', database: null };
  return {
    capabilities: { multiProcess: true, durable: true },
    create: () => openOn({ prefix: `t${handles}-${(made += 1)}-${process.pid}`, database: ownDatabasesFrom === undefined ? null : ownDatabasesFrom + made - 1 }),
    advance: (ms) => void (offset.ms += ms),
    reopen: (store) => openOn(placeOf(store)),
    corrupt: async (store, id, text) => {
      const { prefix, database } = placeOf(store);
      if (database !== null) await admin.select(database);
      await overwriteRecord(admin, prefix, id, text);
    },
  };
}

/** Writes a text where the record of this id stands, past every store. */
export async function overwriteRecord(admin: Pick<Redis, 'get' | 'del' | 'set'>, prefix: string, id: string, text: string): Promise<void> {
  const keys = storeKeys(prefix);
  const [era = ''] = ((await admin.get(keys.epoch)) ?? '').split(' ');
  await admin.set(keys.ofEra(era).record(id), text);
}

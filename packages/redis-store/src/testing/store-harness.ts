import type { JobStore } from '@media-jobs/core';
import { inTurn, type JobStoreHarness } from '@media-jobs/core/conformance';
import type { Redis } from 'ioredis';
import { createRedisStore, type RedisStoreOptions } from '@media-jobs/redis-store';
import { storeKeys } from '../keys.ts';

/**
 * The harness of the conformance cases on one Redis: each store has a prefix of its own. With `handles: 2` each call of a case goes to another of two handles on the same data in turn, so that whatever one
 * process keeps in its memory is found out.
 */
export function redisHarness(options: Pick<RedisStoreOptions, 'url' | 'client'>, admin: Pick<Redis, 'get' | 'del' | 'set'>, { handles }: { readonly handles: 1 | 2 }): JobStoreHarness {
  const prefixes = new Map<JobStore, string>();
  const offset = { ms: 0 };
  let made = 0;
  const openOn = async (prefix: string): Promise<JobStore> => {
    const open = async (): Promise<JobStore> => {
      const store = createRedisStore({ ...options, prefix, clockOffsetMs: () => offset.ms });
      await store.ping();
      return store;
    };
    const store = handles === 1 ? await open() : inTurn(await open(), await open());
    prefixes.set(store, prefix);
    return store;
  };
  const prefixOf = (store: JobStore): string => prefixes.get(store) ?? '';
  return {
    capabilities: { multiProcess: true, durable: true },
    create: () => openOn(`t${handles}-${(made += 1)}-${process.pid}`),
    advance: (ms) => void (offset.ms += ms),
    reopen: (store) => openOn(prefixOf(store)),
    corrupt: (store, id, text) => overwriteRecord(admin, prefixOf(store), id, text),
  };
}

/** Writes a text where the record of this id stands, past every store. */
export async function overwriteRecord(admin: Pick<Redis, 'get' | 'del' | 'set'>, prefix: string, id: string, text: string): Promise<void> {
  const keys = storeKeys(prefix);
  const [era = ''] = ((await admin.get(keys.epoch)) ?? '').split(' ');
  await admin.set(keys.ofEra(era).record(id), text);
}

import { join } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { Redis } from 'ioredis';
import { startRedis } from '../../packages/redis-store/src/testing/redis-server.ts';
import type { StoreSpec } from './worker/open-store.ts';

/** A store that is used by several processes at once, fresh for one test. */
export interface PreparedStore extends AsyncDisposable {
  readonly spec: StoreSpec;
  /** False while a frozen process holds the whole store: a file has locks, and a process may be frozen while it has one. */
  isFree(): Promise<boolean>;
  /** What it keeps for jobs beside what its own methods tell of. */
  left(): Promise<readonly string[]>;
}

/** A kind of store that must stand the tests of this folder. */
export interface StoreUnderTest {
  readonly name: string;
  /** Whose time decides about leases, retries and expiry. */
  readonly time: 'of a server' | 'of the process';
  /** Makes an empty one; what it keeps on disk lies below the folder. */
  prepare(folder: string): Promise<PreparedStore>;
}

const sqlite: StoreUnderTest = {
  name: 'SQLite',
  time: 'of the process',
  prepare(folder) {
    const file = join(folder, 'store', 'jobs.db');
    return Promise.resolve({ spec: { kind: 'sqlite', file }, isFree: () => isFileFree(file), left: () => Promise.resolve([]), [Symbol.asyncDispose]: () => Promise.resolve() });
  },
};

async function isFileFree(file: string): Promise<boolean> {
  await using store = createSqliteStore({ file, retryForMs: 100 });
  try {
    await store.countLookup('miss');
    return true;
  } catch (error) {
    if (MediaJobError.from(error).code !== 'STORE_UNAVAILABLE') throw error;
    return false;
  }
}

const redis: StoreUnderTest = {
  name: 'Redis',
  time: 'of a server',
  async prepare() {
    const server = await startRedis();
    const admin = new Redis(server.url);
    return {
      spec: { kind: 'redis', url: server.url },
      isFree: () => Promise.resolve(true),
      // Of an era, counters alone may stay.
      left: async () => (await admin.keys('*')).filter((key) => !/:(?:epoch|eras|settings|events|cancels|tally)$/.test(key)),
      async [Symbol.asyncDispose]() {
        admin.disconnect();
        await server[Symbol.asyncDispose]();
      },
    };
  },
};

export const storesUnderTest: readonly StoreUnderTest[] = [sqlite, redis];

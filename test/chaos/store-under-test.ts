import { join } from 'node:path';
import type { JobStore } from '@media-jobs/core';
import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';

/** Which store a process opens. It survives JSON, so that a worker can be told. */
export interface StoreSpec {
  readonly kind: 'sqlite';
  readonly file: string;
}

/** The machine's clock, set wrong by so much. Its timers run as ever. */
export function shiftedClock(shiftMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + shiftMs };
}

/** Opens the store; `shiftMs` moves its time, wherever it takes it from. */
export function openStore(spec: StoreSpec, shiftMs = 0): JobStore {
  return createSqliteStore({ file: spec.file, clock: shiftedClock(shiftMs), pollIntervalMs: 50 });
}

/** A store that is used by several processes at once, fresh for one test. */
export interface PreparedStore extends AsyncDisposable {
  readonly spec: StoreSpec;
  /** False while a frozen process holds the whole store: a file has locks, and a process may be frozen while it has one. */
  isFree(): Promise<boolean>;
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
    return Promise.resolve({ spec: { kind: 'sqlite', file }, isFree: () => isFileFree(file), [Symbol.asyncDispose]: () => Promise.resolve() });
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

export const storesUnderTest: readonly StoreUnderTest[] = [sqlite];

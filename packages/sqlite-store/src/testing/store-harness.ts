import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JobStore } from '@media-jobs/core';
import { inTurn, type JobStoreHarness } from '@media-jobs/core/conformance';
import { systemClock, type Clock } from '@media-jobs/foundation';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { memoryPlace } from './scratch-folder.ts';

/** The harness of the conformance cases, and the folder that its files lie in. */
export interface SqliteHarness extends JobStoreHarness, Disposable {
  readonly folder: string;
}

/**
 * Stores on files in a folder of their own. With `handles: 2` each call of a case goes to another of two handles on the
 * same file in turn, so that whatever one process keeps in its memory is found out.
 */
export function sqliteHarness({ handles }: { readonly handles: 1 | 2 }): SqliteHarness {
  const folder = mkdtempSync(join(memoryPlace, 'media-jobs-sqlite-'));
  const files = new Map<JobStore, string>();
  let offsetMs = 0;
  let made = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
  const openOn = (file: string): JobStore => {
    const open = (): JobStore => createSqliteStore({ file, clock, pollIntervalMs: 10 });
    const store = handles === 1 ? open() : inTurn(open(), open());
    files.set(store, file);
    return store;
  };
  const fileOf = (store: JobStore): string => files.get(store) ?? '';
  return {
    folder,
    capabilities: { multiProcess: true, durable: true },
    create: async () => openOn(join(folder, `${(made += 1)}.db`)),
    advance: (ms) => void (offsetMs += ms),
    reopen: async (store) => openOn(fileOf(store)),
    corrupt: async (store, id, text) => overwriteRecord(fileOf(store), id, text),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Writes a text where the record of this id stands, past every store. */
export function overwriteRecord(file: string, id: string, text: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 2000');
    database.prepare('UPDATE jobs SET record = ? WHERE id = ?').run(text, id);
  } finally {
    database.close();
  }
}

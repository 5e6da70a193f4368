import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { applySubmit, newEpoch, type JobRecord } from '@media-jobs/core';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createEverything, schemaVersion } from './schema.ts';
import { startChild } from './testing/child.ts';
import { keys, sampleClaim, sampleRequest } from './testing/sample-jobs.ts';
import { scratchFolder } from './testing/scratch-folder.ts';
import { writeVersionZero } from './testing/version-zero.ts';

const epoch = newEpoch(Date.now());

function queuedRecord(key: string, inEpoch = epoch): JobRecord {
  const outcome = applySubmit(null, sampleRequest(inEpoch, key), { now: Date.now(), epoch: inEpoch, waiting: () => 0 });
  if (outcome.kind === 'refused') throw new Error(outcome.reason);
  return JSON.parse(JSON.stringify(outcome.record)) as JobRecord;
}

/** As version 0 of the record had it, without what version 1 added. */
function versionZero(record: JobRecord): string {
  const { refunds: _refunds, history: _history, ...rest } = record;
  return JSON.stringify({ ...rest, schemaVersion: 0 });
}

function objects(file: string): unknown[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

test('a store of version 0 is upgraded when it is opened: its records live on, its unreadable ones are set aside, its dead ones stay behind', async () => {
  await using folder = await scratchFolder({ inMemory: true });
  const file = folder.at('jobs.db');
  const records = keys(250).map((key) => queuedRecord(key));
  const dead = queuedRecord('dead', newEpoch(0));
  const spoilt = queuedRecord('spoilt');
  writeVersionZero(file, epoch, { ...Object.fromEntries(records.map((record) => [record.id, versionZero(record)])), [dead.id]: versionZero(dead), [spoilt.id]: '{"half":' });

  await using store = createSqliteStore({ file });
  expect(await store.epoch()).toBe(epoch);
  for (const record of records) expect(await store.get(record.id)).toEqual(record);
  expect(await store.get(dead.id)).toBeNull();
  expect(await store.get(spoilt.id)).toBeNull();
  const { byState, corrupt, files } = await store.stats();
  expect({ queued: byState.queued, corrupt, files }).toEqual({ queued: 250, corrupt: 1, files: 250 });
  expect(await store.claim(sampleClaim({ limit: 300 }))).toHaveLength(250);
});

test('an upgraded file has the very tables, indexes and triggers of a new one', async () => {
  await using folder = await scratchFolder({ inMemory: true });
  writeVersionZero(folder.at('old.db'), epoch, {});
  for (const name of ['old.db', 'new.db']) {
    await using store = createSqliteStore({ file: folder.at(name) });
    await store.ping();
  }
  expect(objects(folder.at('old.db'))).toEqual(objects(folder.at('new.db')));
});

test('an upgrade that is broken off leaves the old tables whole, and the next one finishes it', async () => {
  await using folder = await scratchFolder({ inMemory: true });
  const file = folder.at('jobs.db');
  const record = queuedRecord('talk');
  writeVersionZero(file, epoch, { [record.id]: versionZero(record) });
  const before = objects(file);
  const broken = new DatabaseSync(file);
  broken.exec(`BEGIN IMMEDIATE; ALTER TABLE jobs RENAME TO old_jobs; DROP TABLE meta; ${createEverything}`);
  broken.close();
  expect(objects(file)).toEqual(before);
  await using store = createSqliteStore({ file });
  expect(await store.get(record.id)).toEqual(record);
});

test('of two processes that find an old store at the same time, one upgrades it and the other waits', async () => {
  await using folder = await scratchFolder({ inMemory: true });
  const file = folder.at('jobs.db');
  writeVersionZero(file, epoch, Object.fromEntries(keys(2_000).map((key) => queuedRecord(key)).map((record) => [record.id, versionZero(record)])));
  await using first = startChild('open-and-count', file);
  await using second = startChild('open-and-count', file);
  await Promise.all([first.next(), second.next()]);
  first.process.send('go');
  second.process.send('go');
  expect(await Promise.all([first.next(), second.next()])).toEqual([2_000, 2_000]);
  // The last of the two to close holds the file for a moment.
  const database = new DatabaseSync(file, { timeout: 5_000 });
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion });
  database.close();
});

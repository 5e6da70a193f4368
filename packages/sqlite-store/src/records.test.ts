import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobRecord, JobStore } from '@media-jobs/core';
import { collectLogs } from '@media-jobs/core/testing';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { sampleRequest, submitSamples } from './testing/sample-jobs.ts';
import { scratchFolder, type ScratchFolder } from './testing/scratch-folder.ts';
import { overwriteRecord } from './testing/store-harness.ts';

let folder: ScratchFolder;
let store: JobStore;
const logger = collectLogs();
const file = (): string => folder.at('jobs.db');
beforeAll(async () => {
  folder = await scratchFolder({ inMemory: true });
  store = createSqliteStore({ file: file(), logger });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const changed = (changes: Readonly<Record<string, unknown>>) => (record: JobRecord): string => JSON.stringify({ ...record, ...changes });

/** What may stand where a record should, and is none. */
const unreadable: readonly (readonly [kind: string, text: (record: JobRecord) => string])[] = [
  ['nothing', () => ''],
  ['half a record', (record) => JSON.stringify(record).slice(0, 200)],
  ['text', () => 'Dear diary'],
  ['null', () => 'null'],
  ['a list', (record) => JSON.stringify([record])],
  ['a number', () => '7'],
  ['an empty object', () => '{}'],
  ['a record of another program', () => '{"name":"other","version":"2.1"}'],
  ['a record with no version', changed({ schemaVersion: undefined })],
  ['a record with a version that is no number', changed({ schemaVersion: 'one' })],
  ['a record of a later release', changed({ schemaVersion: 99 })],
  ['a record of another job', changed({ id: `mj_${'a'.repeat(26)}` })],
  ['a record of another epoch', changed({ epoch: '00000000000000000000000000' })],
  ['a record with a field too many', changed({ novelty: true })],
  ['a record with a field too few', changed({ policy: undefined })],
  ['a record in a state of no kind', changed({ state: 'sleeping' })],
  ['a record with progress beyond its end', changed({ progress: 1.5 })],
  ['a record with a negative count', changed({ attempts: -1 })],
  ['a record whose folder leaves the work folder', changed({ inputFolder: '../../etc' })],
  ['a record with an invalid digest', changed({ digest: 'short' })],
];

describe('what stands in the place of a record', () => {
  test.each(unreadable)('%s is set aside whole, counted, logged and absent', async (kind, text) => {
    const [record] = await submitSamples(store, [kind]);
    const spoilt = text(record!);
    const before = (await store.stats()).corrupt;
    overwriteRecord(file(), record!.id, spoilt);
    expect(await store.get(record!.id)).toBeNull();
    expect(await store.get(record!.id)).toBeNull();
    expect((await store.stats()).corrupt).toBe(before + 1);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', fields: { jobId: record!.id, reason: expect.any(String) as string } });
    const database = new DatabaseSync(file());
    expect({ ...database.prepare('SELECT id, record FROM set_aside ORDER BY number DESC LIMIT 1').get() }).toEqual({ id: record!.id, record: spoilt });
    database.close();
    expect((await store.submit(sampleRequest(await store.epoch(), kind))).kind).toBe('created');
  });

  test('a record that nobody can read does not count in the stats any more', async () => {
    expect((await store.stats()).byState.queued).toBe(unreadable.length);
  });

  test('what was set aside goes with the reset that makes it old', async () => {
    await store.reset();
    await store.collect(1_000);
    const database = new DatabaseSync(file());
    expect({ ...database.prepare('SELECT count(*) AS kept FROM set_aside').get() }).toEqual({ kept: 0 });
    expect({ ...database.prepare('SELECT count(*) AS kept FROM tallies').get() }).toEqual({ kept: 0 });
    expect({ ...database.prepare('SELECT count(*) AS kept FROM epochs').get() }).toEqual({ kept: 1 });
    database.close();
  });

  test('a reset sets nothing aside: records of before it are dead, not foreign', async () => {
    const [record] = await submitSamples(store, ['talk']);
    await store.reset();
    expect(await store.get(record!.id)).toBeNull();
    await submitSamples(store, ['talk']);
    expect((await store.stats()).corrupt).toBe(0);
    expect(await store.collect(1_000)).toEqual({ removed: 1, left: 0 });
  });
});

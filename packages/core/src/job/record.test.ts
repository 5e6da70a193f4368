import { expect, test } from 'vitest';
import { createMemoryStore, readRecord, recordSchemaVersion, recordUpgrades } from '@media-jobs/core';
import { completed, failed } from '../conformance/jobs-in-states.ts';

async function sample() {
  await using store = createMemoryStore();
  return await completed(store, 'talk');
}

test('a record reads back as it was written, from text and from its value', async () => {
  const record = await sample();
  expect(readRecord(JSON.stringify(record))).toEqual({ kind: 'ok', record, upgraded: false });
  expect(readRecord(JSON.parse(JSON.stringify(record)))).toEqual({ kind: 'ok', record, upgraded: false });
});

test('a record of version 0, without refunds and history, is upgraded', async () => {
  const { refunds, history, ...rest } = await sample();
  expect(readRecord(JSON.stringify({ ...rest, schemaVersion: 0 }))).toEqual({ kind: 'ok', record: { ...rest, refunds: 0, history: [], schemaVersion: 1 }, upgraded: true });
  expect([refunds, history.length]).toEqual([0, 1]);
});

test('there is an upgrade from every older version', () => {
  expect(recordUpgrades).toHaveLength(recordSchemaVersion);
});

test('an error in a record survives with all its fields', async () => {
  await using store = createMemoryStore();
  const record = await failed(store, 'talk');
  expect(readRecord(JSON.stringify(record))).toMatchObject({ kind: 'ok', record: { error: record.error } });
});

test('a record of a later release is told apart from a corrupt one', async () => {
  expect(readRecord(JSON.stringify({ ...(await sample()), schemaVersion: recordSchemaVersion + 1, novelty: 1 }))).toEqual({ kind: 'newer', schemaVersion: recordSchemaVersion + 1 });
});

test.for([
  ['no text of JSON', () => '{"id":', /no JSON object/], ['nothing', () => undefined, /no JSON object/], ['null', () => 'null', /no JSON object/], ['a list', () => '[]', /no JSON object/], ['a number', () => '5', /no JSON object/],
  ['a record of another kind', () => '{"name":"x","version":1}', /no schema version/], ['a version that is none', () => '{"schemaVersion":"1"}', /no schema version/], ['a negative version', () => '{"schemaVersion":-1}', /no schema version/],
  ['a wrong field', (record: object) => ({ ...record, attempts: 'three' }), /`attempts`/], ['an unknown field', (record: object) => ({ ...record, surprise: 1 }), /surprise/], ['an absolute path', (record: object) => ({ ...record, outputFolder: '/etc' }), /`outputFolder`/],
  ['a path that climbs', (record: object) => ({ ...record, outputFolder: 'jobs/../..' }), /`outputFolder`/], ['an unknown state', (record: object) => ({ ...record, state: 'succeeded' }), /`state`/],
] as const)('%s is corrupt, with a reason, and nothing is thrown', async ([, make, reason]) => {
  expect(readRecord(make(await sample()))).toEqual({ kind: 'corrupt', reason: expect.stringMatching(reason) });
});

import assert from 'node:assert/strict';
import { recordSchemaVersion, type JobRecord } from '../../job/job.ts';
import type { JobStore } from '../../ports/job-store.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimRequest, completed, leaseMs, pointerTo, queued, retrying, running, stored, submit, ttlMs } from '../jobs-in-states.ts';

async function overwrite({ corrupt }: JobStoreHarness, store: JobStore, id: string, text: string): Promise<void> {
  assert.ok(corrupt !== undefined, 'Expected the harness of a durable store to have `corrupt`');
  await corrupt(store, id, text);
}

/** Changes to a sound record that make it none, each told by a name. With the record of an older version below they are twenty. */
const spoil: Readonly<Record<string, (record: JobRecord) => string>> = {
  'cut off': (record) => JSON.stringify(record).slice(0, -40),
  'that is empty': () => '',
  'of bytes that are no text': () => '\u0000\u0001\ufffd',
  'of somebody else': () => '{"name":"other","version":"2.1"}',
  'of a wrong type': () => '42',
  'that is a list': (record) => JSON.stringify([record]),
  'that is null': () => 'null',
  'without a schema version': ({ schemaVersion: _version, ...record }) => JSON.stringify(record),
  'with a field of a wrong type': (record) => JSON.stringify({ ...record, attempts: 'three' }),
  'with a field missing': ({ policy: _policy, ...record }) => JSON.stringify(record),
  'with a field that nobody knows': (record) => JSON.stringify({ ...record, novelty: true }),
  'in a state that there is not': (record) => JSON.stringify({ ...record, state: 'sleeping' }),
  'with a negative time': (record) => JSON.stringify({ ...record, createdAt: -1 }),
  'with progress beyond its end': (record) => JSON.stringify({ ...record, progress: 1.5 }),
  'with an absolute path': (record) => JSON.stringify({ ...record, inputFolder: '/etc' }),
  'with a path that leads out': (record) => JSON.stringify({ ...record, outputFolder: 'jobs/../../etc' }),
  'with a digest that is none': (record) => JSON.stringify({ ...record, digest: 'abc' }),
  'with an artifact of no size': (record) => JSON.stringify({ ...record, artifacts: [{ name: 'a.txt', sha256: '0'.repeat(64) }] }),
  'of a later release': (record) => JSON.stringify({ ...record, schemaVersion: recordSchemaVersion + 1, novelty: true }),
};

export const foreignRecordCases: readonly ConformanceCase<JobStoreHarness>[] = [
  ...Object.entries(spoil).map(([kind, text]): ConformanceCase<JobStoreHarness> => ({
    name: `a record ${kind} is set aside once, counted, and absent from then on`,
    needs: ['durable'],
    run: async (harness) => {
      await using store = await harness.create();
      const { id } = await completed(store, 'spoilt');
      const other = await completed(store, 'other');
      await overwrite(harness, store, id, text(await stored(store, id)));
      assert.equal(await store.get(id), null);
      assert.equal(await store.get(id), null);
      assert.equal((await store.stats()).corrupt, 1);
      assert.deepEqual((await store.list({}, { limit: 10 })).jobs, [other]);
      assert.equal((await submit(store, 'spoilt')).kind, 'created');
      assert.equal((await stored(store, id)).generation, 1);
    },
  })),
  {
    name: 'unreadable records in line, in work, waiting and past their time stop nobody: no crash, no loop',
    needs: ['durable'],
    run: async (harness) => {
      await using store = await harness.create();
      const make = async (suffix: string): Promise<readonly JobRecord[]> => [
        await queued(store, `queued ${suffix}`, { priority: suffix === 'spoilt' ? 9 : 0 }), (await running(store, `running ${suffix}`)).record, await retrying(store, `retrying ${suffix}`), await completed(store, `completed ${suffix}`),
      ];
      const spoilt = await make('spoilt');
      const [line, work, wait, done] = await make('healthy');
      for (const { id } of spoilt) await overwrite(harness, store, id, 'no json');
      assert.deepEqual((await store.due('dispatch', { limit: 1 })).map(({ pointer }) => pointer.id), [line?.id]);
      assert.deepEqual((await store.claim(claimRequest())).map(({ key }) => key.id), [line?.id]);
      assert.deepEqual(await store.claim(claimRequest({ limit: 5, pointers: spoilt.map(pointerTo) })), []);
      await harness.advance(leaseMs + ttlMs + 1);
      assert.deepEqual(new Set((await store.due('lease', { limit: 5 })).map(({ pointer }) => pointer.id)), new Set([line?.id, work?.id]));
      assert.deepEqual((await store.due('retry', { limit: 1 })).map(({ pointer }) => pointer.id), [wait?.id]);
      assert.deepEqual((await store.takeExpired(1)).map(({ id }) => id), [done?.id]);
      for (const { id } of spoilt) assert.equal(await store.get(id), null);
      assert.equal((await store.stats()).corrupt, 4);
    },
  },
  {
    name: 'a record of an older version is upgraded when it is read, and lives on',
    needs: ['durable'],
    run: async (harness) => {
      await using store = await harness.create();
      const record = await queued(store, 'old');
      const { refunds: _refunds, history: _history, ...old } = record;
      await overwrite(harness, store, record.id, JSON.stringify({ ...old, schemaVersion: 0 }));
      assert.deepEqual(await stored(store, record.id), record);
      const [claimed] = await store.claim(claimRequest());
      assert.equal(claimed?.record.schemaVersion, recordSchemaVersion);
      assert.equal((await store.stats()).corrupt, 0);
    },
  },
];

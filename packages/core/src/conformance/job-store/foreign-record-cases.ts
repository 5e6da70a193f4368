import assert from 'node:assert/strict';
import { recordSchemaVersion, type JobRecord } from '../../job/job.ts';
import type { JobStore } from '../../ports/job-store.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimRequest, completed, leaseMs, pointerTo, queued, retrying, running, stored, submit, ttlMs } from '../jobs-in-states.ts';

async function overwrite({ corrupt }: JobStoreHarness, store: JobStore, id: string, text: string): Promise<void> {
  assert.ok(corrupt !== undefined, 'Expected the harness of a durable store to have `corrupt`');
  await corrupt(store, id, text);
}

const spoil: Readonly<Record<string, (record: JobRecord) => string>> = {
  'cut off': (record) => JSON.stringify(record).slice(0, -40),
  'of somebody else': () => '{"name":"other","version":"2.1"}',
  'of a wrong type': () => '42',
  'with a field of a wrong type': (record) => JSON.stringify({ ...record, attempts: 'three' }),
  'with an absolute path': (record) => JSON.stringify({ ...record, inputFolder: '/etc' }),
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

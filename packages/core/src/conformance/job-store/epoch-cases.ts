import assert from 'node:assert/strict';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimRequest, completed, failed, leaseMs, pointerTo, queued, retrying, running, stored, ttlMs } from '../jobs-in-states.ts';

export const epochCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'an epoch stays until a reset, and every later one sorts after it, however quickly they follow',
    run: async ({ create }) => {
      await using store = await create();
      const epochs = [await store.epoch()];
      assert.equal(await store.epoch(), epochs[0]);
      for (let round = 0; round < 5; round += 1) {
        epochs.push(await store.reset());
        assert.equal(await store.epoch(), epochs.at(-1));
      }
      assert.deepEqual(epochs, [...new Set(epochs)].sort());
      for (const epoch of epochs) assert.match(epoch, /^[0-9A-Za-z_-]{8,64}$/, 'It names a folder');
    },
  },
  {
    name: 'resets at once leave the latest epoch in force',
    run: async ({ create }) => {
      await using store = await create();
      const epochs = await Promise.all([1, 2, 3].map(() => store.reset()));
      assert.equal(await store.epoch(), epochs.sort().at(-1));
    },
  },
  {
    name: 'guard 8: a reset makes everything older absent at once, for every method',
    run: async ({ create, advance }) => {
      await using store = await create();
      const jobs = [await queued(store, 'queued'), (await running(store, 'running')).record, await retrying(store, 'retrying'), await completed(store, 'completed'), await failed(store, 'failed')];
      await store.countLookup('hit');
      await store.reset();
      await advance(2 * ttlMs);
      for (const { id } of jobs) {
        assert.equal(await store.get(id), null);
        assert.equal(await store.requestCancel(id), 'absent');
        assert.equal(await store.redrive(id), null);
        assert.equal(await store.takeNow(id), null);
      }
      assert.deepEqual(await store.list({}, { limit: 10 }), { jobs: [] });
      assert.deepEqual(await store.claim(claimRequest({ limit: 10 })), []);
      assert.deepEqual(await store.claim(claimRequest({ limit: 10, pointers: jobs.map(pointerTo) })), []);
      for (const kind of ['lease', 'retry', 'dispatch'] as const) assert.deepEqual(await store.due(kind, { limit: 10, deadOwners: ['worker-1'] }), [], kind);
      assert.deepEqual(await store.takeExpired(10), []);
      const { byState, files, bytes, cacheHits, oldestWaitingMs, byOperation } = await store.stats();
      assert.deepEqual([Object.values(byState).reduce((sum, count) => sum + count), files, bytes, cacheHits, oldestWaitingMs, byOperation], [0, 0, 0, 0, null, {}]);
    },
  },
  {
    name: 'an identity of before a reset is new after it, and counts from the start',
    run: async ({ create }) => {
      await using store = await create();
      await failed(store, 'talk');
      const epoch = await store.reset();
      const record = await queued(store, 'talk');
      assert.deepEqual([record.epoch, record.generation, record.state], [epoch, 1, 'queued']);
    },
  },
  {
    name: 'guard 9: collecting removes records of older epochs only, as many as allowed, and tells what is left',
    run: async ({ create }) => {
      await using store = await create();
      for (let index = 0; index < 3; index += 1) await queued(store, `first era ${index}`);
      await store.reset();
      for (let index = 0; index < 2; index += 1) await completed(store, `second era ${index}`);
      await store.reset();
      const mine = [await queued(store, 'mine'), await queued(store, 'first era 0'), await completed(store, 'second era 0')];
      const left = [];
      let removed = 0;
      for (let round = 0; round < 5; round += 1) {
        const step = await store.collect(2);
        assert.ok(step.removed <= 2);
        removed += step.removed;
        left.push(step.left);
      }
      assert.deepEqual([left.at(-1), left.at(-2)], [0, 0]);
      assert.ok(removed <= 5);
      for (const record of mine) assert.deepEqual(await stored(store, record.id), record);
    },
  },
  {
    name: 'collecting where nothing is older does nothing',
    run: async ({ create }) => {
      await using store = await create();
      const record = await queued(store, 'talk');
      assert.deepEqual(await store.collect(100), { removed: 0, left: 0 });
      assert.deepEqual(await stored(store, record.id), record);
    },
  },
  {
    name: 'guard 9: a job that was accepted after a reset outlives the collecting of an older reset',
    run: async ({ create, advance }) => {
      await using store = await create();
      await completed(store, 'talk');
      await store.reset();
      const claimed = await running(store, 'talk');
      await store.collect(100);
      assert.deepEqual(await store.heartbeat([claimed.key], leaseMs), ['ok']);
      await advance(1);
      const { removed, left } = await store.collect(100);
      assert.deepEqual({ removed, left }, { removed: 0, left: 0 });
      assert.equal((await stored(store, claimed.key.id)).state, 'running');
    },
  },
];

export const settingsCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'the first process finds no shared settings, each later one those of the one before, also after a reset',
    run: async ({ create }) => {
      await using store = await create();
      const [first, second] = [{ ttlMs: 1_000, cleanupIntervalMs: 100 }, { ttlMs: 2_000, cleanupIntervalMs: 200 }];
      assert.equal(await store.shareSettings(first), null);
      assert.deepEqual(await store.shareSettings(second), first);
      await store.reset();
      assert.deepEqual(await store.shareSettings(first), second);
    },
  },
];

import assert from 'node:assert/strict';
import { takeAgainAfterMs } from '../../job/end-moves.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { cancelled, claimIt, commit, completed, failed, queued, requestFor, retrying, running, stored, submit, success, ttlMs } from '../jobs-in-states.ts';

export const expiryCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a job that has not ended never expires',
    run: async ({ create, advance }) => {
      await using store = await create();
      await queued(store, 'queued');
      await running(store, 'running');
      await retrying(store, 'retrying');
      await advance(1_000 * ttlMs);
      assert.deepEqual(await store.takeExpired(10), []);
    },
  },
  ...([['completed', completed], ['failed', failed], ['cancelled', cancelled]] as const).map(([state, make]): ConformanceCase<JobStoreHarness> => ({
    name: `a ${state} job expires one time to live after its end, not before, and is handed out with the folders that it names`,
    run: async ({ create, advance }) => {
      await using store = await create();
      await advance(1_000);
      const record = await make(store, 'talk', { policy: { maxAttempts: 1, maxLosses: 1, ttlMs: 1_800_000 } });
      await advance(1_800_000 - 1_000);
      assert.deepEqual(await store.takeExpired(10), []);
      await advance(1_001);
      const [taken, ...others] = await store.takeExpired(10);
      assert.deepEqual(others, []);
      const folders = [record.inputFolder, record.outputFolder].filter((folder) => folder !== null);
      assert.deepEqual({ ...taken, takeToken: '' }, { id: record.id, takeToken: '', folders, bytes: { completed: 100, failed: 1_000, cancelled: 0 }[state] });
      const { state: now, takeToken } = await stored(store, record.id);
      assert.deepEqual({ now, takeToken }, { now: 'expiring', takeToken: taken?.takeToken });
    },
  })),
  {
    name: 'the longest overdue are handed out first, no more than asked for, each once',
    run: async ({ create, advance }) => {
      await using store = await create();
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        ids.push((await completed(store, `talk ${index}`)).id);
        await advance(10);
      }
      await advance(ttlMs);
      const batches = [];
      for (let batch = 0; batch < 4; batch += 1) batches.push((await store.takeExpired(2)).map(({ id }) => id));
      assert.deepEqual(batches, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4), []]);
    },
  },
  {
    name: 'sweeps at once hand each expired job to one of them',
    run: async ({ create, advance }) => {
      await using store = await create();
      for (let index = 0; index < 6; index += 1) await completed(store, `talk ${index}`);
      await advance(ttlMs + 1);
      const taken = (await Promise.all([1, 2, 3].map(() => store.takeExpired(10)))).flat();
      assert.equal(taken.length, 6);
      assert.equal(new Set(taken.map(({ id }) => id)).size, 6);
    },
  },
  ...([['completed', completed], ['failed', failed], ['cancelled', cancelled]] as const).map(([state, make]): ConformanceCase<JobStoreHarness> => ({
    name: `a ${state} job past its time to live is told as expiring before any pass has taken it, and not a moment earlier`,
    run: async ({ create, advance }) => {
      await using store = await create();
      const { id } = await make(store, 'talk', { policy: { maxAttempts: 1, maxLosses: 1, ttlMs: 1_800_000 } });
      await advance(1_800_000 - 1_000);
      assert.equal((await stored(store, id)).state, state);
      await advance(1_001);
      assert.equal((await stored(store, id)).state, 'expiring');
      const again = await submit(store, 'talk');
      assert.deepEqual({ kind: again.kind, state: (await stored(store, id)).state }, { kind: 'restarted', state: 'queued' });
    },
  })),
  {
    name: 'a purge with the token of the take deletes the record, once',
    run: async ({ create, advance }) => {
      await using store = await create();
      await completed(store, 'talk');
      await advance(ttlMs + 1);
      const [taken] = await store.takeExpired(1);
      assert.ok(taken !== undefined);
      assert.equal(await store.purge(taken.id, taken.takeToken), true);
      assert.equal(await store.get(taken.id), null);
      assert.deepEqual((await store.list({}, { limit: 10 })).jobs, []);
      assert.equal(await store.purge(taken.id, taken.takeToken), false);
      await advance(takeAgainAfterMs + 1);
      assert.deepEqual(await store.takeExpired(10), []);
      assert.equal((await submit(store, 'talk')).kind, 'created');
    },
  },
  {
    name: 'a deletion that was interrupted is handed out again after its time, with the same folders and a new token',
    run: async ({ create, advance }) => {
      await using store = await create();
      await failed(store, 'talk');
      await advance(ttlMs + 1);
      const [first] = await store.takeExpired(1);
      await advance(takeAgainAfterMs / 2);
      assert.deepEqual(await store.takeExpired(1), []);
      await advance(takeAgainAfterMs / 2 + 1);
      const [second] = await store.takeExpired(1);
      assert.deepEqual({ ...second, takeToken: '' }, { ...first, takeToken: '' });
      assert.notEqual(second?.takeToken, first?.takeToken);
    },
  },
  {
    name: 'guard 5: a purge with the token of an earlier take is refused',
    run: async ({ create }) => {
      await using store = await create();
      const { id } = await completed(store, 'talk');
      const [first, second] = [await store.takeNow(id), await store.takeNow(id)];
      assert.ok(first !== null && second !== null);
      assert.equal(await store.purge(id, first.takeToken), false);
      assert.equal((await stored(store, id)).state, 'expiring');
      assert.equal(await store.purge(id, second.takeToken), true);
    },
  },
  {
    name: 'guard 5: a purge after the identity was submitted again is refused, in whatever state the new run is',
    run: async ({ create }) => {
      await using store = await create();
      const { id } = await completed(store, 'talk');
      const taken = await store.takeNow(id);
      const purge = async (): Promise<void> => assert.equal(await store.purge(id, taken?.takeToken ?? ''), false);
      const record = await queued(store, 'talk');
      await purge();
      const claimed = await claimIt(store, record);
      await purge();
      const done = await commit(store, claimed, success(claimed));
      await purge();
      assert.deepEqual(await stored(store, id), done);
    },
  },
  {
    name: 'guard 5: a purge of a run that was taken itself, with the token of a run before it, is refused',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { id } = await completed(store, 'talk');
      const slow = await store.takeNow(id);
      const quick = await store.takeNow(id);
      assert.equal(await store.purge(id, quick?.takeToken ?? ''), true);
      await advance(1);
      const again = await completed(store, 'talk');
      assert.equal(again.generation, 1, 'A deleted record counts from the start');
      await store.takeNow(id);
      assert.equal(await store.purge(id, slow?.takeToken ?? ''), false);
      assert.equal((await stored(store, id)).state, 'expiring');
    },
  },
  {
    name: 'guard 6: a take names the folders of the run that it took, never those of the run before or after',
    run: async ({ create }) => {
      await using store = await create();
      const first = await failed(store, 'talk');
      const takenFirst = await store.takeNow(first.id);
      const next = await queued(store, 'talk');
      const claimed = await claimIt(store, next);
      const second = await commit(store, claimed, success(claimed));
      const takenSecond = await store.takeNow(second.id);
      assert.deepEqual(takenFirst?.folders, [first.inputFolder]);
      assert.deepEqual(takenSecond?.folders, [second.outputFolder]);
    },
  },
  {
    name: 'a job that was not taken cannot be purged',
    run: async ({ create }) => {
      await using store = await create();
      const { id } = await completed(store, 'talk');
      for (const token of ['', 'null', 'any']) assert.equal(await store.purge(id, token), false);
      assert.equal((await stored(store, id)).state, 'completed');
      assert.equal(await store.purge(requestFor('', 'nobody').id, 'any'), false);
    },
  },
  {
    name: 'an ended job is taken at once when that is asked for; one that has not ended, or is not there, is not',
    run: async ({ create }) => {
      await using store = await create();
      for (const make of [completed, failed, cancelled]) {
        const { id } = await make(store, make.name);
        assert.equal((await store.takeNow(id))?.id, id);
        assert.equal((await stored(store, id)).state, 'expiring');
      }
      const live = [await queued(store, 'live'), (await running(store, 'run')).record, await retrying(store, 'retry')];
      for (const record of live) {
        assert.equal(await store.takeNow(record.id), null);
        assert.deepEqual(await stored(store, record.id), record);
      }
      assert.equal(await store.takeNow(requestFor('', 'nobody').id), null);
    },
  },
];

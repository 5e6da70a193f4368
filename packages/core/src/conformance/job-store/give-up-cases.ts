import assert from 'node:assert/strict';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { cancelled, claimIt, claimRequest, commit, completed, failed, leaseMs, queued, requestFor, retrying, running, stored, success } from '../jobs-in-states.ts';

export const releaseCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a released job is in line again at once under a new dispatch number, its attempt refunded',
    run: async ({ create }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      assert.equal(await store.release(claimed.key), true);
      const { state, attempts, losses, claim, sequence, inputFolder, history } = await stored(store, claimed.key.id);
      assert.deepEqual({ state, attempts, losses, claim, inputFolder, ended: history.map(({ ended }) => ended) }, { state: 'queued', attempts: 0, losses: 0, claim: null, inputFolder: claimed.record.inputFolder, ended: ['released'] });
      assert.ok(sequence > claimed.record.sequence);
      assert.equal((await store.claim(claimRequest())).length, 1);
    },
  },
  {
    name: 'guard 1: a release under an older token is refused and leaves the job with its worker',
    run: async ({ create }) => {
      await using store = await create();
      const first = await running(store, 'talk');
      await store.release(first.key);
      assert.equal(await store.release(first.key), false, 'In line');
      const second = await claimIt(store, await stored(store, first.key.id));
      assert.equal(await store.release(first.key), false, 'Running elsewhere');
      assert.deepEqual(await stored(store, first.key.id), second.record);
      await commit(store, second, success(second));
      assert.equal(await store.release(second.key), false, 'Ended');
    },
  },
  {
    name: 'a claim of before a reset cannot be released',
    run: async ({ create }) => {
      await using store = await create();
      const { key } = await running(store, 'talk');
      await store.reset();
      assert.equal(await store.release(key), false);
      assert.equal(await store.get(key.id), null);
    },
  },
];

export const cancelCases: readonly ConformanceCase<JobStoreHarness>[] = [
  ...([['queued', queued], ['retrying', retrying]] as const).map(([state, make]): ConformanceCase<JobStoreHarness> => ({
    name: `a job that is ${state} is cancelled at once, cannot be claimed, and leaves the line`,
    run: async ({ create, advance }) => {
      await using store = await create();
      const record = await make(store, 'talk', { maxWaiting: 1 });
      assert.equal(await store.requestCancel(record.id), 'cancelled');
      const { state: now, inputFolder, error, retryAt, endedAt, expiresAt } = await stored(store, record.id);
      assert.deepEqual({ now, inputFolder, error, retryAt }, { now: 'cancelled', inputFolder: null, error: null, retryAt: null });
      assert.ok(endedAt !== null && expiresAt !== null);
      await advance(60_000);
      assert.deepEqual(await store.due('retry', { limit: 1 }), []);
      assert.deepEqual(await store.due('dispatch', { limit: 1 }), []);
      assert.deepEqual(await store.claim(claimRequest()), []);
      await queued(store, 'another', { maxWaiting: 1 });
    },
  })),
  {
    name: 'a running job is asked to stop, as often as one likes, and goes on to run until its worker ends it',
    run: async ({ create }) => {
      await using store = await create();
      const { key, record } = await running(store, 'talk');
      assert.equal(await store.requestCancel(key.id), 'requested');
      assert.equal(await store.requestCancel(key.id), 'requested');
      const { state, cancelRequested, claim, inputFolder } = await stored(store, key.id);
      assert.deepEqual({ state, cancelRequested, claim, inputFolder }, { state: 'running', cancelRequested: true, claim: record.claim, inputFolder: record.inputFolder });
    },
  },
  {
    name: 'a job that was asked to stop ends as cancelled when its worker is lost or lets it go',
    run: async ({ create, advance }) => {
      await using store = await create();
      const [lost, released] = [await running(store, 'lost'), await running(store, 'released')];
      await store.requestCancel(lost.key.id);
      await store.requestCancel(released.key.id);
      assert.equal(await store.release(released.key), true);
      await advance(leaseMs + 1);
      assert.deepEqual((await store.due('lease', { limit: 10 })).map(({ state }) => state), ['cancelled']);
      for (const { key } of [lost, released]) assert.equal((await stored(store, key.id)).state, 'cancelled');
    },
  },
  {
    name: 'a job that has ended stays as it is, one that is not there is absent',
    run: async ({ create }) => {
      await using store = await create();
      for (const make of [completed, failed, cancelled]) {
        const record = await make(store, make.name);
        assert.equal(await store.requestCancel(record.id), 'ended');
        assert.deepEqual(await stored(store, record.id), record);
        await store.takeNow(record.id);
        assert.equal(await store.requestCancel(record.id), 'ended');
        assert.equal((await stored(store, record.id)).state, 'expiring');
      }
      assert.equal(await store.requestCancel(requestFor('', 'nobody').id), 'absent');
    },
  },
];

import assert from 'node:assert/strict';
import type { JobStore } from '../../ports/job-store.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimIt, claimRequest, commit, completed, failed, leaseMs, queued, requestFor, running, stored, success } from '../jobs-in-states.ts';

async function again(harness: JobStoreHarness, store: JobStore): Promise<JobStore> {
  assert.ok(harness.reopen !== undefined, 'Expected the harness of a durable or shared store to have `reopen`');
  return harness.reopen(store);
}

export const durableCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'jobs, epoch, claims, counts and settings survive the end of the store',
    needs: ['durable'],
    run: async (harness) => {
      const first = await harness.create();
      const [done, broken, waiting, claimed] = [await completed(first, 'done'), await failed(first, 'broken'), await queued(first, 'waiting'), await running(first, 'running')];
      const epoch = await first.epoch();
      await first.countLookup('hit');
      await first.shareSettings({ ttlMs: 5_000, cleanupIntervalMs: 500 });
      const stats = await first.stats();
      await first[Symbol.asyncDispose]();
      await using second = await again(harness, first);
      assert.equal(await second.epoch(), epoch);
      for (const record of [done, broken, waiting, claimed.record]) assert.deepEqual(await stored(second, record.id), record);
      assert.deepEqual({ ...(await second.stats()), oldestWaitingMs: 0 }, { ...stats, oldestWaitingMs: 0 });
      assert.deepEqual(await second.shareSettings({ ttlMs: 1, cleanupIntervalMs: 1 }), { ttlMs: 5_000, cleanupIntervalMs: 500 });
      assert.deepEqual(await second.heartbeat([claimed.key], leaseMs), ['ok']);
      assert.equal((await commit(second, claimed, success(claimed))).state, 'completed');
    },
  },
  {
    name: 'whoever else reads a job that was given back and completed later learns when each of its attempts ended',
    needs: ['durable'],
    run: async (harness) => {
      await using store = await harness.create();
      const first = await running(store, 'talk');
      await harness.advance(2_000);
      await store.release(first.key);
      const second = await claimIt(store, await stored(store, first.key.id));
      await harness.advance(2_000);
      const record = await commit(store, second, success(second));
      assert.deepEqual(record.history.map(({ ended }) => ended), ['released', 'completed']);
      assert.equal(record.history.at(-1)?.endedAt, record.endedAt);
      await using other = await again(harness, store);
      assert.deepEqual(await stored(other, record.id), record);
    },
  },
  {
    name: 'what the end of a worker left behind is found again: its lease lapses, its deletions are repeated',
    needs: ['durable'],
    run: async (harness) => {
      const first = await harness.create();
      const { key } = await running(first, 'running', {}, 'dead-owner');
      const { id } = await completed(first, 'done');
      await first.takeNow(id);
      await first[Symbol.asyncDispose]();
      await using second = await again(harness, first);
      assert.deepEqual((await second.due('lease', { limit: 10, deadOwners: ['dead-owner'] })).map(({ pointer }) => pointer.id), [key.id]);
      await harness.advance(120_000);
      assert.deepEqual((await second.takeExpired(10)).map((taken) => taken.id), [id]);
    },
  },
  {
    name: 'a reset survives the end of the store: the older records stay dead and are collected',
    needs: ['durable'],
    run: async (harness) => {
      const first = await harness.create();
      const { id } = await completed(first, 'done');
      const epoch = await first.reset();
      await first[Symbol.asyncDispose]();
      await using second = await again(harness, first);
      assert.equal(await second.epoch(), epoch);
      assert.equal(await second.get(id), null);
      assert.equal((await second.collect(10)).left, 0);
      assert.deepEqual(await second.list({}, { limit: 10 }), { jobs: [] });
    },
  },
];

export const sharedCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'two handles show one truth: what one writes the other reads, and each may be closed alone',
    needs: ['multiProcess'],
    run: async (harness) => {
      await using first = await harness.create();
      const second = await again(harness, first);
      const claimed = await running(first, 'talk');
      assert.deepEqual(await stored(second, claimed.key.id), claimed.record);
      assert.equal(await second.requestCancel(claimed.key.id), 'requested');
      assert.deepEqual(await first.heartbeat([claimed.key], leaseMs), ['cancel']);
      assert.equal((await first.stats()).byState.running, (await second.stats()).byState.running);
      await second[Symbol.asyncDispose]();
      await first.ping();
    },
  },
  {
    name: 'submits, claims and commits from two handles at once still happen once each',
    needs: ['multiProcess'],
    run: async (harness) => {
      await using first = await harness.create();
      await using second = await again(harness, first);
      const handles = [first, second];
      const epoch = await first.epoch();
      const keys = ['a', 'b', 'c', 'd', 'e'].flatMap((key) => [key, key]);
      const outcomes = await Promise.all(keys.flatMap((key) => handles.map((store) => store.submit(requestFor(epoch, key)))));
      assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 5);
      const claims = (await Promise.all(keys.flatMap((_, index) => handles.map((store) => store.claim(claimRequest({ owner: `worker-${index}` })))))).flat();
      assert.equal(new Set(claims.map(({ key }) => key.id)).size, 5);
      const [one] = claims;
      assert.ok(one !== undefined && claims.length === 5);
      const replies = await Promise.all(handles.map((store) => store.commit(one.key, success(one))));
      assert.equal(replies.filter(({ committed }) => committed).length, 1);
    },
  },
  {
    name: 'guard 4: a reset through one handle is known to the other at once, and its claims are dead there',
    needs: ['multiProcess'],
    run: async (harness) => {
      await using first = await harness.create();
      await using second = await again(harness, first);
      const claimed = await running(first, 'talk');
      const staged = requestFor(await first.epoch(), 'staged');
      const epoch = await second.reset();
      assert.deepEqual(await first.heartbeat([claimed.key], leaseMs), ['lost']);
      assert.equal((await first.commit(claimed.key, success(claimed))).committed, false);
      assert.deepEqual(await first.submit(staged), { kind: 'refused', reason: 'epoch-passed' });
      assert.equal(await first.epoch(), epoch);
    },
  },
  {
    name: 'a store that is not shared refuses a second handle while the first is open',
    needs: ['durable'],
    lacks: ['multiProcess'],
    run: async (harness) => {
      await using first = await harness.create();
      await assert.rejects(async () => (await again(harness, first))[Symbol.asyncDispose]());
      await first.ping();
    },
  },
];

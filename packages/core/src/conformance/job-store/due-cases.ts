import assert from 'node:assert/strict';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { charged, claimIt, claimRequest, completed, leaseMs, pointerTo, queued, retrying, running, stored, ttlMs } from '../jobs-in-states.ts';

export const dueCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a job whose lease has passed is in line again, its attempt refunded and its loss counted; not before',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { key, record: before } = await running(store, 'talk');
      await advance(leaseMs * 0.9);
      assert.deepEqual(await store.due('lease', { limit: 10 }), []);
      await advance(leaseMs * 0.2);
      const moved = await store.due('lease', { limit: 10 });
      const record = await stored(store, key.id);
      assert.deepEqual(moved, [{ pointer: pointerTo(record), operation: 'transcribe', state: 'queued', priority: 0 }]);
      const { state, attempts, losses, claim, inputFolder, history } = record;
      assert.deepEqual({ state, attempts, losses, claim, inputFolder, ended: history.map(({ ended }) => ended) }, { state: 'queued', attempts: 0, losses: 1, claim: null, inputFolder: before.inputFolder, ended: ['lost'] });
      assert.ok(record.sequence > before.sequence);
      assert.deepEqual(await store.due('lease', { limit: 10 }), []);
    },
  },
  {
    name: 'a job that loses its worker too often is a dead letter, WORKER_LOST, with its input kept',
    run: async ({ create, advance }) => {
      await using store = await create();
      let record = await queued(store, 'poison', { policy: { maxAttempts: 1, maxLosses: 3, ttlMs } });
      const states = [];
      for (let loss = 1; loss <= 3; loss += 1) {
        await claimIt(store, record);
        await advance(leaseMs + 1);
        states.push(...(await store.due('lease', { limit: 10 })).map(({ state }) => state));
        record = await stored(store, record.id);
      }
      assert.deepEqual(states, ['queued', 'queued', 'failed']);
      const { losses, error, deadLetter, inputFolder, claim, endedAt, expiresAt } = record;
      assert.deepEqual({ losses, code: error?.code, class: error?.class, deadLetter, claim, ttl: (expiresAt ?? 0) - (endedAt ?? 0) }, { losses: 3, code: 'WORKER_LOST', class: 'lost', deadLetter: 'workers-lost', claim: null, ttl: ttlMs });
      assert.notEqual(inputFolder, null);
    },
  },
  {
    name: 'claims of owners that are known to be dead lapse at once, those of others do not',
    run: async ({ create }) => {
      await using store = await create();
      const [dead, alive, dead2] = [await running(store, 'dead', {}, 'dead-owner'), await running(store, 'alive', {}, 'living-owner'), await running(store, 'dead too', {}, 'dead-owner')];
      const lapse = async (limit: number): Promise<string[]> => (await store.due('lease', { limit, deadOwners: ['dead-owner', 'unknown-owner'] })).map(({ pointer }) => pointer.id);
      const batches = [await lapse(1), await lapse(1), await lapse(1)];
      assert.deepEqual(batches.map(({ length }) => length), [1, 1, 0]);
      assert.deepEqual(new Set(batches.flat()), new Set([dead.key.id, dead2.key.id]));
      assert.equal((await stored(store, dead.key.id)).losses, 1);
      assert.deepEqual(await store.heartbeat([dead.key, alive.key], leaseMs), ['lost', 'ok']);
    },
  },
  {
    name: 'sweeps at once move each lapsed job once, and no sweep moves more than it was allowed',
    run: async ({ create, advance }) => {
      await using store = await create();
      for (let index = 0; index < 6; index += 1) await running(store, `talk ${index}`);
      await advance(leaseMs + 1);
      assert.equal((await store.due('lease', { limit: 2 })).length, 2);
      const moved = (await Promise.all([1, 2, 3].map(() => store.due('lease', { limit: 10 })))).flat();
      assert.equal(moved.length, 4);
      assert.equal((await store.stats()).byState.queued, 6);
    },
  },
  {
    name: 'retries come due in the order of their times, each at its own, as new dispatches',
    run: async ({ create, advance }) => {
      await using store = await create();
      const [late, early, middle] = [await retrying(store, 'late', {}, 30_000), await retrying(store, 'early', {}, 10_000), await retrying(store, 'middle', {}, 20_000)];
      assert.deepEqual(await store.due('retry', { limit: 10 }), []);
      await advance(10_001);
      const [first, ...none] = await store.due('retry', { limit: 10 });
      const woken = await stored(store, early.id);
      assert.deepEqual([first, none], [{ pointer: pointerTo(woken), operation: 'transcribe', state: 'queued', priority: 0 }, []]);
      assert.deepEqual([woken.state, woken.retryAt, woken.attempts], ['queued', null, 1]);
      assert.ok(woken.sequence > early.sequence);
      await advance(20_000);
      assert.deepEqual((await store.due('retry', { limit: 1 })).map(({ pointer }) => pointer.id), [middle.id]);
      assert.deepEqual((await store.due('retry', { limit: 10 })).map(({ pointer }) => pointer.id), [late.id]);
      assert.deepEqual(await store.due('retry', { limit: 10 }), []);
    },
  },
  {
    name: 'a woken job is claimed by its new pointer and not by the old one',
    run: async ({ create, advance }) => {
      await using store = await create();
      const before = await retrying(store, 'talk');
      await advance(charged.delayMs + 1);
      const [due] = await store.due('retry', { limit: 1 });
      assert.ok(due !== undefined);
      assert.deepEqual(await store.claim(claimRequest({ pointers: [pointerTo(before)] })), []);
      const [claimed] = await store.claim(claimRequest({ pointers: [due.pointer] }));
      assert.equal(claimed?.record.attempts, 2);
    },
  },
  {
    name: 'jobs that have stood in line for long are told, longest first, and not moved',
    run: async ({ create, advance }) => {
      await using store = await create();
      const first = await queued(store, 'first');
      await advance(10_000);
      const second = await queued(store, 'second', { priority: 9 });
      await running(store, 'running');
      await completed(store, 'completed');
      const told = async (olderThanMs: number, limit = 10): Promise<unknown[]> => (await store.due('dispatch', { limit, olderThanMs })).map(({ pointer, state }) => [pointer, state]);
      assert.deepEqual(await told(10_000), [[pointerTo(first), 'queued']]);
      assert.deepEqual(await told(15_000), []);
      await advance(6_000);
      assert.deepEqual(await told(5_000), [[pointerTo(first), 'queued'], [pointerTo(second), 'queued']]);
      assert.deepEqual(await told(5_000, 1), [[pointerTo(first), 'queued']]);
      assert.deepEqual(await stored(store, first.id), first);
    },
  },
  {
    name: 'the time in line counts from when the job entered it last',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { key } = await running(store, 'talk');
      await advance(5_000);
      await store.release(key);
      await advance(1_000);
      assert.deepEqual(await store.due('dispatch', { limit: 1, olderThanMs: 3_000 }), []);
      assert.equal((await store.due('dispatch', { limit: 1, olderThanMs: 1_000 })).length, 1);
    },
  },
];

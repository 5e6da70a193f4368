import assert from 'node:assert/strict';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimIt, commit, leaseMs, requestFor, running, stored, success } from '../jobs-in-states.ts';

export const heartbeatCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'one trip of beats brings one reply for each, in their order: ok, lost or cancel',
    run: async ({ create }) => {
      await using store = await create();
      const [healthy, doomed, ended] = [await running(store, 'healthy'), await running(store, 'doomed'), await running(store, 'ended')];
      await commit(store, ended, success(ended));
      assert.equal(await store.requestCancel(doomed.key.id), 'requested');
      const beats = [doomed.key, { ...healthy.key, token: 'of-somebody-else' }, healthy.key, ended.key, { id: requestFor('', 'nobody').id, token: 'any' }];
      assert.deepEqual(await store.heartbeat(beats, leaseMs), ['cancel', 'lost', 'ok', 'lost', 'lost']);
      assert.deepEqual(await store.heartbeat([], leaseMs), []);
    },
  },
  {
    name: 'a job whose worker beats is never taken away, however long it runs',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { key } = await running(store, 'long');
      for (let beat = 0; beat < 50; beat += 1) {
        await advance(leaseMs * 0.9);
        assert.deepEqual(await store.due('lease', { limit: 10 }), []);
        assert.deepEqual(await store.heartbeat([key], leaseMs), ['ok']);
      }
      const { attempts, losses, expiresAt } = await stored(store, key.id);
      assert.deepEqual({ attempts, losses, expiresAt }, { attempts: 1, losses: 0, expiresAt: null });
    },
  },
  {
    name: 'a beat prolongs the lease from now on by what it asks for, also when the job is to be cancelled',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { key } = await running(store, 'talk');
      await store.requestCancel(key.id);
      await advance(leaseMs * 0.9);
      assert.deepEqual(await store.heartbeat([key], 3 * leaseMs), ['cancel']);
      await advance(2.9 * leaseMs);
      assert.deepEqual(await store.due('lease', { limit: 10 }), []);
      await advance(0.2 * leaseMs);
      assert.equal((await store.due('lease', { limit: 10 })).length, 1);
    },
  },
  {
    name: 'progress never falls within a generation, not in a later attempt either; the phase is taken as it comes',
    run: async ({ create }) => {
      await using store = await create();
      const first = await running(store, 'talk');
      const shown: unknown[] = [];
      const beat = async (key: typeof first.key, ratio: number, phase: string): Promise<void> => {
        await store.heartbeat([{ ...key, progress: { ratio, phase } }], leaseMs);
        const record = await stored(store, key.id);
        shown.push([record.progress, record.phase]);
      };
      await beat(first.key, 0.5, 'decoding');
      await beat(first.key, 0.25, 'listening');
      await beat(first.key, Number.NaN, 'listening');
      await store.heartbeat([first.key], leaseMs);
      await store.release(first.key);
      const second = await claimIt(store, await stored(store, first.key.id));
      await beat(second.key, 0.125, 'decoding');
      await beat(second.key, 7, 'writing');
      assert.deepEqual(shown, [[0.5, 'decoding'], [0.5, 'listening'], [0.5, 'listening'], [0.5, 'decoding'], [1, 'writing']]);
    },
  },
  {
    name: 'guard 1: a beat under an older token neither prolongs the lease nor writes progress',
    run: async ({ create, advance }) => {
      await using store = await create();
      const first = await running(store, 'talk', {}, 'sleeper');
      await advance(leaseMs + 1);
      await store.due('lease', { limit: 1 });
      assert.deepEqual(await store.heartbeat([first.key], leaseMs), ['lost'], 'Nobody runs it now');
      const second = await claimIt(store, await stored(store, first.key.id), 'sleeper');
      const before = await stored(store, first.key.id);
      assert.deepEqual(await store.heartbeat([{ ...first.key, progress: { ratio: 0.9, phase: 'stale' } }, second.key], leaseMs), ['lost', 'ok']);
      const { claim, progress, phase } = await stored(store, first.key.id);
      assert.deepEqual({ token: claim?.token, progress, phase }, { token: second.key.token, progress: before.progress, phase: before.phase });
    },
  },
  {
    name: 'a beat after a reset is lost, also when the same identity runs again',
    run: async ({ create }) => {
      await using store = await create();
      const before = await running(store, 'talk');
      await store.reset();
      assert.deepEqual(await store.heartbeat([before.key], leaseMs), ['lost']);
      const after = await running(store, 'talk');
      assert.deepEqual(await store.heartbeat([before.key, after.key], leaseMs), ['lost', 'ok']);
    },
  },
  {
    name: 'a beat that comes late, but before anybody took the job away, still holds',
    run: async ({ create, advance }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      await advance(3 * leaseMs);
      assert.deepEqual(await store.heartbeat([claimed.key], leaseMs), ['ok']);
      assert.deepEqual(await store.due('lease', { limit: 10 }), []);
    },
  },
];

import assert from 'node:assert/strict';
import type { JobStore } from '../../ports/job-store.ts';
import type { StoreChange } from '../../ports/store-messages.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimIt, commit, leaseMs, queued, rejectsWith, requestFor, success } from '../jobs-in-states.ts';

/** A failing store is told of after this time. It is not a measure: hints are due at once. */
const patienceMs = 5_000;

const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 5));

/** Changes as they come; `until` resolves with the first that satisfies, and rejects when none comes. */
function watchAll(store: JobStore, only?: 'cancels'): Disposable & { readonly until: (holds: (change: StoreChange) => boolean) => Promise<StoreChange>; readonly seen: readonly StoreChange[] } {
  const seen: StoreChange[] = [];
  const waiting = new Set<() => void>();
  const subscription = store.watch((change) => {
    seen.push(change);
    waiting.forEach((look) => look());
  }, only);
  const until = (holds: (change: StoreChange) => boolean): Promise<StoreChange> => new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      waiting.delete(look);
      end();
    };
    const timer = setTimeout(() => settle(() => reject(new assert.AssertionError({ message: `Expected a hint, got only ${JSON.stringify(seen)}` }))), patienceMs);
    const look = (): void => {
      const found = seen.find(holds);
      if (found !== undefined) settle(() => resolve(found));
    };
    waiting.add(look);
    look();
  });
  return { until, seen, [Symbol.dispose]: () => subscription[Symbol.dispose]() };
}

export const watchCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a watcher is told of every state that a job enters, and of its progress',
    run: async ({ create }) => {
      await using store = await create();
      using watcher = watchAll(store);
      const record = await queued(store, 'talk');
      const { id } = record;
      assert.deepEqual(await watcher.until(({ state }) => state === 'queued'), { id, generation: 1, state: 'queued', progress: 0, phase: record.phase });
      const claimed = await claimIt(store, record);
      await watcher.until(({ state }) => state === 'running');
      await store.heartbeat([{ ...claimed.key, progress: { ratio: 0.5, phase: 'listening' } }], leaseMs);
      assert.deepEqual(await watcher.until(({ phase }) => phase === 'listening'), { id, generation: 1, state: 'running', progress: 0.5, phase: 'listening' });
      await commit(store, claimed, success(claimed));
      assert.equal((await watcher.until(({ state }) => state === 'completed')).progress, 1);
      await store.takeNow(id);
      await watcher.until(({ state }) => state === 'expiring');
    },
  },
  {
    name: 'a watcher of cancels is told when a running job is to be cancelled',
    run: async ({ create }) => {
      await using store = await create();
      using watcher = watchAll(store, 'cancels');
      const { key } = await claimIt(store, await queued(store, 'talk'));
      await store.requestCancel(key.id);
      // A store that cannot say what has changed tells that something has.
      await watcher.until(({ id, state, cancelRequested }) => id === key.id && state === 'running' && cancelRequested !== false);
    },
  },
  {
    name: 'whoever watches the epoch is told of each reset by any handle, and of nothing else, until it ends its watch',
    run: async ({ create, reopen }) => {
      await using store = await create();
      if (store.watchEpoch === undefined) return;
      await using other = reopen === undefined ? null : await reopen(store);
      const hints = { told: 0 };
      const watcher = store.watchEpoch(() => void (hints.told += 1));
      const { key } = await claimIt(store, await queued(store, 'talk'));
      await store.requestCancel(key.id);
      for (const [index, handle] of [store, other ?? store].entries()) {
        await handle.reset();
        for (const giveUpAt = Date.now() + patienceMs; hints.told <= index && Date.now() < giveUpAt;) await pause();
        assert.equal(hints.told, index + 1, 'Expected one hint for each reset');
      }
      watcher[Symbol.dispose]();
      using second = watchAll(store, 'cancels');
      await store.reset();
      const next = await claimIt(store, await queued(store, 'talk'));
      await store.requestCancel(next.key.id);
      await second.until(({ id }) => id === next.key.id);
      assert.equal(hints.told, 2, 'A watcher that has ended is told nothing more');
    },
  },
  {
    name: 'a watcher that has ended is told nothing more, and the others still are',
    run: async ({ create }) => {
      await using store = await create();
      const first = watchAll(store);
      using second = watchAll(store);
      first[Symbol.dispose]();
      first[Symbol.dispose]();
      await queued(store, 'talk');
      await second.until(({ state }) => state === 'queued');
      assert.deepEqual(first.seen, []);
    },
  },
];

const anyKey = { id: `mj_${'a'.repeat(26)}`, token: 'any' };

/** Every method, called with something harmless. */
const calls: Readonly<Record<string, (store: JobStore) => unknown>> = {
  epoch: (store) => store.epoch(), submit: (store) => store.submit(requestFor('e', 'talk')), get: (store) => store.get(anyKey.id), list: (store) => store.list({}, { limit: 1 }),
  claim: (store) => store.claim({ owner: 'o', leaseMs, operations: [], limit: 1 }), heartbeat: (store) => store.heartbeat([anyKey], leaseMs),
  commit: (store) => store.commit(anyKey, { kind: 'cancelled', usage: { wallMs: 0, waitingMs: 0, cpuMs: 0, peakRssBytes: 0, sampled: true } }), release: (store) => store.release(anyKey),
  requestCancel: (store) => store.requestCancel(anyKey.id), due: (store) => store.due('lease', { limit: 1 }), takeExpired: (store) => store.takeExpired(1), purge: (store) => store.purge(anyKey.id, 'any'),
  takeNow: (store) => store.takeNow(anyKey.id), redrive: (store) => store.redrive(anyKey.id), stats: (store) => store.stats(), countLookup: (store) => store.countLookup('hit'), watch: (store) => store.watch(() => undefined),
  watchEpoch: (store) => (store.watchEpoch === undefined ? store.watch(() => undefined) : store.watchEpoch(() => undefined)),
  reset: (store) => store.reset(), collect: (store) => store.collect(1), shareSettings: (store) => store.shareSettings({ ttlMs: 1, cleanupIntervalMs: 1 }), ping: (store) => store.ping(),
};

export const closingCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a store says which version of the contract it keeps, and what it can do, as its harness does',
    run: async ({ create, capabilities, reopen, corrupt }) => {
      await using store = await create();
      assert.equal(store.specVersion, 1);
      assert.deepEqual({ ...store.capabilities }, { ...capabilities });
      assert.equal(reopen !== undefined, capabilities.durable || capabilities.multiProcess, 'A durable or shared store is tested with a second handle, and only such a one');
      assert.ok(!capabilities.durable || corrupt !== undefined, 'A durable store is tested with records of others');
      await store.ping();
    },
  },
  {
    name: 'two stores on data of their own know nothing of one another',
    run: async ({ create }) => {
      await using first = await create();
      await using second = await create();
      const { id } = await queued(first, 'talk');
      assert.equal(await second.get(id), null);
    },
  },
  {
    name: 'a store may be disposed twice, also at once, and every method after it throws CLOSED',
    run: async ({ create }) => {
      const store = await create();
      await queued(store, 'talk');
      await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      await store[Symbol.asyncDispose]();
      for (const call of Object.values(calls)) await rejectsWith('CLOSED', async () => call(store));
    },
  },
];

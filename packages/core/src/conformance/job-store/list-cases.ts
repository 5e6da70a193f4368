import assert from 'node:assert/strict';
import type { JobStore } from '../../ports/job-store.ts';
import type { JobFilter } from '../../ports/store-messages.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { completed, failed, queued, rejectsWith, running, submit } from '../jobs-in-states.ts';

async function listedKeys(store: JobStore, filter: JobFilter = {}): Promise<unknown[]> {
  return (await store.list(filter, { limit: 100 })).jobs.map(({ options }) => options['key']);
}

/** All keys, page by page; `between` runs after each page. */
async function pagedKeys(store: JobStore, filter: JobFilter, limit: number, between: (page: number) => Promise<unknown>): Promise<unknown[]> {
  const keys: unknown[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await store.list(filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
    assert.ok(page.jobs.length <= limit);
    keys.push(...page.jobs.map(({ options }) => options['key']));
    cursor = page.cursor;
    await between((pages += 1));
  } while (cursor !== undefined && pages < 100);
  return keys;
}

export const listCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a list shows the newest first, whatever became of each, and narrows by every field of the filter',
    run: async ({ create, advance }) => {
      await using store = await create();
      const steps = [() => queued(store, 'a'), () => completed(store, 'b', { namespace: 'tenant' }), () => queued(store, 'c', { operation: 'download' }), () => failed(store, 'd'), () => running(store, 'e', { namespace: 'tenant' })];
      for (const step of steps) {
        await step();
        await advance(10);
      }
      assert.deepEqual(await listedKeys(store), ['e', 'd', 'c', 'b', 'a']);
      assert.deepEqual(await listedKeys(store, { states: ['queued', 'failed'] }), ['d', 'c', 'a']);
      assert.deepEqual(await listedKeys(store, { states: [] }), []);
      assert.deepEqual(await listedKeys(store, { operation: 'download' }), ['c']);
      assert.deepEqual(await listedKeys(store, { namespace: 'tenant' }), ['e', 'b']);
      assert.deepEqual(await listedKeys(store, { namespace: '' }), ['d', 'c', 'a']);
      assert.deepEqual(await listedKeys(store, { namespace: 'tenant', states: ['running'], operation: 'transcribe', deadLetter: false }), ['e']);
      assert.deepEqual(await listedKeys(store, { namespace: 'tenant', operation: 'download' }), []);
    },
  },
  {
    name: 'pages show each job once while others come and go between them, also when many were made at once',
    run: async ({ create, advance }) => {
      await using store = await create();
      const keys = Array.from({ length: 25 }, (_, index) => `talk ${index}`);
      await Promise.all(keys.map((key) => queued(store, key)));
      await advance(10);
      const doomed = await completed(store, 'doomed');
      const shown = await pagedKeys(store, {}, 10, async (page) => {
        await advance(10);
        await queued(store, `newer ${page}`);
        if (page !== 1) return;
        const taken = await store.takeNow(doomed.id);
        await store.purge(doomed.id, taken?.takeToken ?? '');
      });
      assert.equal(shown[0], 'doomed');
      assert.equal(shown.length, 26);
      assert.deepEqual(new Set(shown), new Set(['doomed', ...keys]));
    },
  },
  {
    name: 'pages follow the filter, the last one has no cursor, and a full last page needs no other',
    run: async ({ create, advance }) => {
      await using store = await create();
      for (let index = 0; index < 12; index += 1) {
        await queued(store, `talk ${index}`, { namespace: index % 2 === 0 ? 'even' : 'odd' });
        await advance(10);
      }
      assert.deepEqual(await pagedKeys(store, { namespace: 'even' }, 4, async () => undefined), [10, 8, 6, 4, 2, 0].map((index) => `talk ${index}`));
      assert.equal((await store.list({ namespace: 'even' }, { limit: 6 })).cursor, undefined);
      assert.deepEqual(await store.list({ namespace: 'nobody' }, { limit: 6 }), { jobs: [] });
    },
  },
  {
    name: 'a run that begins again keeps its place in the list',
    run: async ({ create, advance }) => {
      await using store = await create();
      await completed(store, 'old');
      await advance(10);
      await queued(store, 'new');
      await advance(10);
      assert.equal((await submit(store, 'old', { fresh: true })).kind, 'restarted');
      assert.deepEqual(await listedKeys(store), ['new', 'old']);
    },
  },
  {
    name: 'a limit outside 1..1000 and a cursor that is none are refused',
    run: async ({ create }) => {
      await using store = await create();
      for (const limit of [0, -1, 1.5, 1_001, Number.NaN, Number.POSITIVE_INFINITY]) await rejectsWith('INVALID_OPTION', () => store.list({}, { limit }));
      for (const cursor of ['', 'x', "' OR 1=1 --", Buffer.from('1 mj_x').toString('base64url')]) await rejectsWith('INVALID_OPTION', () => store.list({}, { limit: 1, cursor }));
    },
  },
];

export const statsCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'stats of an empty store are all zero',
    run: async ({ create }) => {
      await using store = await create();
      const byState = { queued: 0, running: 0, retrying: 0, completed: 0, failed: 0, cancelled: 0, expiring: 0 };
      assert.deepEqual(await store.stats(), { byState, deadLetters: 0, cacheHits: 0, cacheMisses: 0, cacheUnusable: 0, corrupt: 0, files: 0, bytes: 0, oldestWaitingMs: null, byOperation: {} });
    },
  },
  {
    name: 'stats count jobs by state and operation, files and bytes that are kept, lookups, times, and the longest wait',
    run: async ({ create, advance }) => {
      await using store = await create();
      await queued(store, 'a');
      await advance(7_000);
      await queued(store, 'b', { operation: 'download' });
      await completed(store, 'c');
      await completed(store, 'd');
      await failed(store, 'e');
      await store.takeNow((await failed(store, 'f')).id);
      await running(store, 'g');
      await Promise.all([store.countLookup('hit'), store.countLookup('hit'), store.countLookup('miss'), store.countLookup('unusable')]);
      const { oldestWaitingMs, ...stats } = await store.stats();
      assert.ok(oldestWaitingMs !== null && oldestWaitingMs >= 7_000 && oldestWaitingMs < 60_000);
      const none = { waiting: 0, running: 0, completed: 0, failed: 0, totalWallMs: 0, maxWallMs: 0 };
      assert.deepEqual(stats, {
        byState: { queued: 2, running: 1, retrying: 0, completed: 2, failed: 1, cancelled: 0, expiring: 1 }, deadLetters: 0, cacheHits: 2, cacheMisses: 1, cacheUnusable: 1, corrupt: 0,
        files: 9, bytes: 5 * 1_000 + 2 * 100,
        byOperation: { transcribe: { waiting: 1, running: 1, completed: 2, failed: 1, totalWallMs: 1_000, maxWallMs: 500 }, download: { ...none, waiting: 1 } },
      });
    },
  },
];

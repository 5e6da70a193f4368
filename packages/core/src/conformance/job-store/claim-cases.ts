import assert from 'node:assert/strict';
import type { JobStore } from '../../ports/job-store.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { claimIt, claimRequest, commit, completed, leaseMs, pointerTo, queued, rejectsWith, requestFor, retrying, running, stored, success } from '../jobs-in-states.ts';

/** Keys of what a claim brought, in order. */
async function claimedKeys(store: JobStore, changes: Parameters<typeof claimRequest>[0] = {}): Promise<unknown[]> {
  return (await store.claim(claimRequest(changes))).map(({ record }) => record.options['key']);
}

export const claimCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a claim takes the job out of the line, charges an attempt and starts a lease',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { id } = await queued(store, 'talk');
      await advance(5_000);
      const [claimed] = await store.claim(claimRequest({ owner: 'worker-7' }));
      const record = await stored(store, id);
      assert.deepEqual(claimed, { record, key: { id, token: record.claim?.token } });
      const { state, attempts, claim, startedAt, expiresAt, usage } = record;
      assert.deepEqual({ state, attempts, startedAt, expiresAt, owner: claim?.owner }, { state: 'running', attempts: 1, startedAt: claim?.claimedAt, expiresAt: null, owner: 'worker-7' });
      assert.equal((claim?.leaseUntil ?? 0) - (claim?.claimedAt ?? 0), leaseMs);
      assert.ok((usage?.waitingMs ?? 0) >= 5_000, 'The time in line is on the record');
    },
  },
  {
    name: 'a claim finds only jobs of the operations that were asked for, and nothing when none is in line',
    run: async ({ create }) => {
      await using store = await create();
      assert.deepEqual(await claimedKeys(store), []);
      await queued(store, 'talk');
      assert.deepEqual(await claimedKeys(store, { operations: ['download', 'prepare-speech'] }), []);
      assert.deepEqual(await claimedKeys(store, { operations: [] }), []);
      assert.deepEqual(await claimedKeys(store, { operations: ['download', 'transcribe'] }), ['talk']);
      assert.deepEqual(await claimedKeys(store), []);
    },
  },
  {
    name: 'claims at once never bring one job twice',
    run: async ({ create }) => {
      await using store = await create();
      for (let index = 0; index < 10; index += 1) await queued(store, `talk ${index}`);
      const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => store.claim(claimRequest({ owner: `worker-${index}`, limit: 1 + (index % 2) }))));
      const ids = claims.flat().map(({ key }) => key.id);
      assert.equal(ids.length, 10);
      assert.equal(new Set(ids).size, 10);
    },
  },
  {
    name: 'claims follow priority, then age, over all operations that were asked for',
    run: async ({ create, advance }) => {
      await using store = await create();
      for (const [key, priority, operation] of [['low', -1, 'transcribe'], ['old', 0, 'transcribe'], ['other', 0, 'download'], ['high', 5, 'transcribe'], ['new', 0, 'transcribe'], ['high too', 5, 'download']] as const) {
        await queued(store, key, { priority, operation });
        await advance(10);
      }
      const operations = ['transcribe', 'download'];
      assert.deepEqual(await claimedKeys(store, { operations, limit: 4 }), ['high', 'high too', 'old', 'other']);
      assert.deepEqual(await claimedKeys(store, { operations, limit: 4 }), ['new', 'low']);
    },
  },
  {
    name: 'a job that comes back in line keeps its age',
    run: async ({ create, advance }) => {
      await using store = await create();
      const claimed = await running(store, 'old');
      await advance(10);
      await queued(store, 'new');
      await advance(10);
      await store.release(claimed.key);
      assert.deepEqual(await claimedKeys(store), ['old']);
    },
  },
  {
    name: 'guard 1: a claim token is never drawn twice, not after a release, a purge or a reset',
    run: async ({ create, advance }) => {
      await using store = await create();
      const tokens: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const first = await running(store, 'talk');
        await store.release(first.key);
        const second = await claimIt(store, await stored(store, first.key.id));
        await commit(store, second, success(second));
        const taken = await store.takeNow(second.key.id);
        await store.purge(second.key.id, taken?.takeToken ?? '');
        tokens.push(first.key.token, second.key.token, taken?.takeToken ?? '');
        await advance(1);
        if (round === 1) await store.reset();
      }
      assert.equal(new Set(tokens).size, 9);
      for (const token of tokens) assert.match(token, /^[0-9A-Za-z_-]{16,64}$/, 'It names a folder');
    },
  },
  {
    name: 'a claim without an owner or a lease is refused, and the job stays in line',
    run: async ({ create }) => {
      await using store = await create();
      const record = await queued(store, 'talk');
      for (const changes of [{ owner: '' }, { leaseMs: 0 }, { leaseMs: Number.NaN }, { leaseMs: Infinity }]) await rejectsWith('INVALID_OPTION', () => store.claim(claimRequest(changes)));
      assert.deepEqual(await stored(store, record.id), record);
    },
  },
  {
    name: 'a claim by pointers takes these dispatches, in their order, each once, up to the limit',
    run: async ({ create }) => {
      await using store = await create();
      const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((key) => queued(store, key)));
      assert.ok(a && b && c && d);
      assert.deepEqual(await claimedKeys(store, { pointers: [c, a, c, b].map(pointerTo), limit: 3 }), ['c', 'a', 'b']);
      assert.deepEqual(await claimedKeys(store, { pointers: [], limit: 3 }), []);
      const e = await queued(store, 'e');
      assert.deepEqual(await claimedKeys(store, { pointers: [d, e].map(pointerTo), limit: 1 }), ['d']);
      assert.deepEqual(await claimedKeys(store, { pointers: [pointerTo(e)], operations: ['download'] }), []);
    },
  },
  {
    name: 'a pointer to an older dispatch, another epoch, or a job that is not in line is skipped',
    run: async ({ create }) => {
      await using store = await create();
      const released = await running(store, 'released');
      await store.release(released.key);
      const older = pointerTo(released.record);
      const record = await stored(store, released.key.id);
      assert.ok(record.sequence > older.sequence);
      const nobody = { id: requestFor('', 'nobody').id, sequence: 1, epoch: record.epoch };
      const others = [(await running(store, 'running')).record, await retrying(store, 'retrying'), await completed(store, 'completed')].map(pointerTo);
      const pointers = [older, { ...pointerTo(record), epoch: '0'.repeat(26) }, nobody, ...others];
      assert.deepEqual(await claimedKeys(store, { pointers, limit: 10 }), []);
      assert.deepEqual(await claimedKeys(store, { pointers: [...pointers, pointerTo(record)], limit: 10 }), ['released']);
    },
  },
];

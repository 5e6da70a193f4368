import assert from 'node:assert/strict';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { cancelled, charged, claimIt, commit, completed, failed, queued, requestFor, retrying, running, stored, success, ttlMs } from '../jobs-in-states.ts';

export const redriveCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a dead letter is listed as one, and no other failed job is',
    run: async ({ create }) => {
      await using store = await create();
      const letter = await commit(store, await running(store, 'letter', { policy: { maxAttempts: 1, maxLosses: 1, ttlMs } }), charged);
      const other = await failed(store, 'other');
      const listed = async (deadLetter: boolean): Promise<string[]> => (await store.list({ deadLetter, states: ['failed'] }, { limit: 10 })).jobs.map(({ id }) => id);
      assert.deepEqual([await listed(true), await listed(false)], [[letter.id], [other.id]]);
      assert.equal((await store.stats()).deadLetters, 1);
      await store.takeNow(letter.id);
      assert.deepEqual((await store.list({ deadLetter: true }, { limit: 10 })).jobs, []);
      assert.equal((await store.stats()).deadLetters, 0);
    },
  },
  {
    name: 'a failed job that is redriven is in line as a new generation with a full budget and the input that it had',
    run: async ({ create, advance }) => {
      await using store = await create();
      const before = await commit(store, await running(store, 'talk', { policy: { maxAttempts: 1, maxLosses: 1, ttlMs } }), charged);
      assert.equal(before.deadLetter, 'attempts-used-up');
      await advance(1_000);
      const record = await store.redrive(before.id);
      assert.ok(record !== null);
      assert.deepEqual(await stored(store, before.id), record);
      const { state, generation, attempts, losses, error, deadLetter, endedAt, expiresAt, inputFolder, inputs, options } = record;
      assert.deepEqual({ state, generation, attempts, losses, error, deadLetter, endedAt, expiresAt }, { state: 'queued', generation: 2, attempts: 0, losses: 0, error: null, deadLetter: null, endedAt: null, expiresAt: null });
      assert.deepEqual({ inputFolder, inputs, options }, { inputFolder: before.inputFolder, inputs: before.inputs, options: before.options });
      assert.ok(record.sequence > before.sequence && record.queuedAt > before.queuedAt);
      assert.deepEqual((await store.list({ deadLetter: true }, { limit: 10 })).jobs, []);
      await advance(2 * ttlMs);
      assert.deepEqual(await store.takeExpired(10), []);
      const claimed = await claimIt(store, record);
      assert.equal((await commit(store, claimed, success(claimed))).state, 'completed');
    },
  },
  {
    name: 'a job that has not failed is not redriven',
    run: async ({ create }) => {
      await using store = await create();
      const others = [await queued(store, 'queued'), (await running(store, 'running')).record, await retrying(store, 'retrying'), await completed(store, 'completed'), await cancelled(store, 'cancelled')];
      for (const record of others) {
        assert.equal(await store.redrive(record.id), null);
        assert.deepEqual(await stored(store, record.id), record);
      }
      const { id } = await failed(store, 'taken');
      await store.takeNow(id);
      assert.equal(await store.redrive(id), null, 'Its files may be gone');
      assert.equal(await store.redrive(requestFor('', 'nobody').id), null);
    },
  },
];

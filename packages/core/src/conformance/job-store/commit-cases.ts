import assert from 'node:assert/strict';
import { jobRecordSchema, maxHistory, maxLogTail } from '../../job/job.ts';
import { maxRefunds } from '../../job/commit-move.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { charged, claimIt, claimRequest, commit, error, failure, leaseMs, queued, rejectsWith, requestFor, retrying, running, stored, success, ttlMs, uncharged, usage } from '../jobs-in-states.ts';

export const commitCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a completed job holds its result and its files, needs its input no more, and expires one time to live after its end',
    run: async ({ create, advance }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      await advance(1_000);
      const outcome = success(claimed);
      const record = await commit(store, claimed, outcome);
      assert.deepEqual(await stored(store, record.id), record);
      jobRecordSchema.parse(record);
      const { state, output, artifacts, outputFolder, inputFolder, progress, claim, error: lastError, attempts } = record;
      assert.deepEqual({ state, output, artifacts, outputFolder, inputFolder, progress, claim, lastError, attempts }, { state: 'completed', output: outcome.output, artifacts: outcome.artifacts, outputFolder: outcome.outputFolder, inputFolder: null, progress: 1, claim: null, lastError: null, attempts: 1 });
      assert.equal((record.expiresAt ?? 0) - (record.endedAt ?? 0), ttlMs);
      assert.ok((record.endedAt ?? 0) - (record.startedAt ?? 0) >= 1_000);
    },
  },
  {
    name: 'a failed job keeps its error and its input, and is no dead letter when trying again cannot help',
    run: async ({ create }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      const record = await commit(store, claimed, failure);
      assert.deepEqual(await stored(store, record.id), record);
      jobRecordSchema.parse(record);
      const { state, error: lastError, inputFolder, deadLetter, claim, output } = record;
      assert.deepEqual({ state, lastError, inputFolder, deadLetter, claim, output }, { state: 'failed', lastError: failure.kind === 'failed' ? failure.error : null, inputFolder: claimed.record.inputFolder, deadLetter: null, claim: null, output: undefined });
      assert.equal((record.expiresAt ?? 0) - (record.endedAt ?? 0), ttlMs);
    },
  },
  {
    name: 'a retry waits for its time, holds its error, and is not claimed meanwhile',
    run: async ({ create, advance }) => {
      await using store = await create();
      const { state, retryAt, updatedAt, error: lastError, attempts, claim, expiresAt } = await retrying(store, 'talk');
      assert.deepEqual({ state, lastError, attempts, claim, expiresAt, delay: (retryAt ?? 0) - updatedAt }, { state: 'retrying', lastError: error, attempts: 1, claim: null, expiresAt: null, delay: charged.delayMs });
      await advance(charged.delayMs + 1);
      assert.deepEqual(await store.claim(claimRequest()), []);
    },
  },
  {
    name: 'a retry beyond the budget ends the job as a dead letter',
    run: async ({ create }) => {
      await using store = await create();
      const states = [];
      let claimed = await running(store, 'talk', { policy: { maxAttempts: 3, maxLosses: 3, ttlMs } });
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const record = await commit(store, claimed, { ...charged, delayMs: 0 });
        states.push([record.state, record.attempts, record.deadLetter]);
        await store.due('retry', { limit: 1 });
        if (record.state === 'retrying') claimed = await claimIt(store, await stored(store, record.id));
      }
      assert.deepEqual(states, [['retrying', 1, null], ['retrying', 2, null], ['failed', 3, 'attempts-used-up']]);
      const { error: lastError, inputFolder, expiresAt } = await stored(store, claimed.key.id);
      assert.deepEqual(lastError, error);
      assert.ok(inputFolder !== null && expiresAt !== null);
    },
  },
  {
    name: 'a retry that is not charged leaves the budget alone, but even such retries come to an end',
    run: async ({ create }) => {
      await using store = await create();
      let record = await queued(store, 'talk', { policy: { maxAttempts: 1, maxLosses: 1, ttlMs } });
      for (let retry = 1; retry <= maxRefunds; retry += 1) {
        record = await commit(store, await claimIt(store, record), { ...uncharged, delayMs: 0 });
        assert.deepEqual([record.state, record.attempts], ['retrying', 0]);
        await store.due('retry', { limit: 1 });
        record = await stored(store, record.id);
      }
      const { state, deadLetter, history } = await commit(store, await claimIt(store, record), uncharged);
      assert.deepEqual({ state, deadLetter, ended: history.at(-1)?.ended, kept: history.length }, { state: 'failed', deadLetter: 'refunds-used-up', ended: 'failed', kept: maxHistory });
    },
  },
  {
    name: 'a cancelled job ends without error and without input',
    run: async ({ create }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      await store.requestCancel(claimed.key.id);
      const { state, error: lastError, inputFolder, cancelRequested, claim, expiresAt, endedAt } = await commit(store, claimed, { kind: 'cancelled', usage });
      assert.deepEqual({ state, lastError, inputFolder, cancelRequested, claim, ttl: (expiresAt ?? 0) - (endedAt ?? 0) }, { state: 'cancelled', lastError: null, inputFolder: null, cancelRequested: false, claim: null, ttl: ttlMs });
    },
  },
  {
    name: 'a retry of a job that is to be cancelled ends it as cancelled; a result that came first stands',
    run: async ({ create }) => {
      await using store = await create();
      const [retried, done] = [await running(store, 'retried'), await running(store, 'done')];
      await store.requestCancel(retried.key.id);
      await store.requestCancel(done.key.id);
      assert.equal((await commit(store, retried, charged)).state, 'cancelled');
      assert.equal((await commit(store, done, success(done))).state, 'completed');
    },
  },
  {
    name: 'a claim commits once, however often and however much at once it is tried',
    run: async ({ create }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      const replies = await Promise.all([success(claimed), failure, charged, success(claimed)].map((outcome) => store.commit(claimed.key, outcome)));
      assert.equal(replies.filter(({ committed }) => committed).length, 1);
      const record = await stored(store, claimed.key.id);
      assert.deepEqual(await store.commit(claimed.key, failure), { committed: false, record: null, next: [] });
      assert.deepEqual(await stored(store, claimed.key.id), record);
    },
  },
  {
    name: 'guard 1: a commit under an older token is refused and does not disturb the worker that runs the job now',
    run: async ({ create, advance }) => {
      await using store = await create();
      const sleeper = await running(store, 'talk', {}, 'same-owner');
      await advance(leaseMs + 1);
      await store.due('lease', { limit: 1 });
      assert.equal((await store.commit(sleeper.key, success(sleeper))).committed, false, 'In line again');
      const second = await claimIt(store, await stored(store, sleeper.key.id), 'same-owner');
      assert.equal((await store.commit(sleeper.key, success(sleeper))).committed, false, 'Running elsewhere');
      assert.deepEqual(await stored(store, second.key.id), second.record);
      assert.equal((await commit(store, second, success(second))).outputFolder, success(second).outputFolder);
      const other = await running(store, 'walk', {}, 'same-owner');
      await advance(leaseMs + 1);
      await store.due('lease', { limit: 1 });
      const third = await claimIt(store, await stored(store, other.key.id), 'same-owner');
      assert.equal((await store.commit(other.key, success(other))).committed, false, 'Not tried before the job ran again');
      assert.deepEqual(await stored(store, third.key.id), third.record);
    },
  },
  {
    name: 'guard 4: a commit after a reset is refused, also when the same identity runs again',
    run: async ({ create }) => {
      await using store = await create();
      const before = await running(store, 'talk');
      await store.reset();
      assert.deepEqual(await store.commit(before.key, success(before)), { committed: false, record: null, next: [] });
      assert.equal(await store.get(before.key.id), null);
      const after = await running(store, 'talk');
      assert.equal((await store.commit(before.key, success(before))).committed, false);
      assert.deepEqual(await stored(store, after.key.id), after.record);
    },
  },
  {
    name: 'a commit whose lease has passed, but whose job nobody took away, still holds',
    run: async ({ create, advance }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      await advance(3 * leaseMs);
      assert.equal((await commit(store, claimed, success(claimed))).state, 'completed');
    },
  },
  {
    name: 'a commit claims what is next in the same trip, also when it is refused itself',
    run: async ({ create }) => {
      await using store = await create();
      const claimed = await running(store, 'first');
      await queued(store, 'second');
      await queued(store, 'third');
      const reply = await store.commit(claimed.key, success(claimed), claimRequest());
      assert.deepEqual([reply.committed, reply.next.map(({ record }) => [record.options['key'], record.state])], [true, [['second', 'running']]]);
      const again = await store.commit(claimed.key, success(claimed), claimRequest({ limit: 5 }));
      assert.deepEqual([again.committed, again.next.map(({ record }) => record.options['key'])], [false, ['third']]);
    },
  },
  {
    name: 'what the attempts cost adds up, and what became of each is on the record',
    run: async ({ create, advance }) => {
      await using store = await create();
      const logTail = Array.from({ length: maxLogTail + 5 }, (_, line) => `line ${line}`);
      const first = await commit(store, await running(store, 'talk', {}, 'worker-a'), { ...charged, delayMs: 0, logTail });
      await store.due('retry', { limit: 1 });
      await advance(2_000);
      const second = await claimIt(store, await stored(store, first.id), 'worker-b');
      assert.equal(second.record.startedAt, first.startedAt, 'The start is that of the first attempt');
      const { usage: sum, history } = await commit(store, second, { ...success(second), usage: { ...usage, waitingMs: 77_777_777, peakRssBytes: 1 } });
      assert.deepEqual({ ...sum, waitingMs: 0 }, { ...usage, waitingMs: 0, wallMs: 2 * usage.wallMs, cpuMs: 2 * usage.cpuMs });
      assert.ok((sum?.waitingMs ?? 0) >= 2_000 && (sum?.waitingMs ?? 0) < 77_777_777, 'The store measures the waiting itself');
      assert.deepEqual(history.map(({ owner, ended, error: cause }) => [owner, ended, cause]), [['worker-a', 'retry', { code: error.code, message: error.message }], ['worker-b', 'completed', null]]);
      assert.deepEqual(history[0]?.logTail, logTail.slice(5));
    },
  },
  {
    name: 'a result that makes no valid record is refused, and the job still runs',
    run: async ({ create }) => {
      await using store = await create();
      const claimed = await running(store, 'talk');
      const outcome = success(claimed);
      for (const name of ['/etc/passwd', '../above', 'a/../../b']) {
        await rejectsWith('OUTPUT_INVALID', () => store.commit(claimed.key, { ...outcome, artifacts: [{ name, bytes: 1, sha256: '1'.repeat(64) }] }));
      }
      await rejectsWith('OUTPUT_INVALID', () => store.commit(claimed.key, { ...failure, error: { message: 'without a code' } } as never));
      assert.deepEqual(await stored(store, claimed.key.id), claimed.record);
      assert.equal((await commit(store, claimed, outcome)).state, 'completed');
    },
  },
  {
    name: 'times and sizes that are no whole numbers do not spoil the record',
    run: async ({ create }) => {
      await using store = await create();
      const odd = { ...usage, wallMs: 0.5, cpuMs: Number.NaN, peakRssBytes: -1 };
      const record = await commit(store, await running(store, 'talk'), { ...charged, delayMs: 0.25, usage: odd });
      jobRecordSchema.parse(record);
      assert.deepEqual(await stored(store, record.id), record);
      assert.deepEqual([record.usage?.wallMs, record.usage?.cpuMs, record.usage?.peakRssBytes], [1, 0, 0]);
    },
  },
  {
    name: 'a commit or release of a job that is not there is refused',
    run: async ({ create }) => {
      await using store = await create();
      const key = { id: requestFor('', 'nobody').id, token: 'any' };
      assert.deepEqual(await store.commit(key, failure), { committed: false, record: null, next: [] });
      assert.equal(await store.release(key), false);
    },
  },
];

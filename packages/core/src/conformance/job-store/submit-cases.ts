import assert from 'node:assert/strict';
import { jobRecordSchema } from '../../job/job.ts';
import type { ConformanceCase, JobStoreHarness } from '../harness.ts';
import { cancelled, claimIt, commit, completed, failed, failure, queued, rejectsWith, requestFor, retrying, running, stored, submit, success, ttlMs } from '../jobs-in-states.ts';

export const submitCases: readonly ConformanceCase<JobStoreHarness>[] = [
  {
    name: 'a new identity is created, in line, and holds what was asked for',
    run: async ({ create }) => {
      await using store = await create();
      const request = requestFor(await store.epoch(), 'talk', { priority: 4, namespace: 'tenant', correlationId: 'c-1', options: { key: 'talk', nested: { ünïcode: ['😀', null, 1.5, false] } } });
      const outcome = await store.submit(request);
      assert.equal(outcome.kind, 'created');
      const record = await stored(store, request.id);
      assert.deepEqual(record, outcome.kind === 'created' ? outcome.record : null);
      jobRecordSchema.parse(record);
      const { id, digest, epoch, namespace, operation, options, inputs, inputFolder, policy, priority, correlationId } = request;
      assert.deepEqual({ ...record }, { ...record, id, digest, epoch, namespace, operation, options, inputs, inputFolder, policy, priority, correlationId });
      const { state, generation, attempts, losses, progress, claim, endedAt, expiresAt, takeToken } = record;
      assert.deepEqual({ state, generation, attempts, losses, progress, claim, endedAt, expiresAt, takeToken }, { state: 'queued', generation: 1, attempts: 0, losses: 0, progress: 0, claim: null, endedAt: null, expiresAt: null, takeToken: null });
    },
  },
  {
    name: 'a record of nobody is null',
    run: async ({ create }) => {
      await using store = await create();
      assert.equal(await store.get(requestFor('e', 'nobody').id), null);
    },
  },
  ...(['queued', 'running', 'retrying'] as const).map((state): ConformanceCase<JobStoreHarness> => ({
    name: `a submit of an identity that is ${state} joins it and changes nothing, fresh or not`,
    run: async ({ create }) => {
      await using store = await create();
      const { id } = await ({ queued, retrying, running: async (...given: Parameters<typeof running>) => (await running(...given)).record })[state](store, 'talk');
      const before = await stored(store, id);
      assert.equal(before.state, state);
      for (const changes of [{}, { fresh: true, priority: 9 }, { discardGeneration: 1 }]) {
        assert.deepEqual(await submit(store, 'talk', changes), { kind: 'existing', record: before });
      }
      assert.deepEqual(await stored(store, id), before);
    },
  })),
  {
    name: 'a submit of a completed identity is answered from it and does not lengthen its time to live',
    run: async ({ create, advance }) => {
      await using store = await create();
      const record = await completed(store, 'talk');
      await advance(ttlMs / 2);
      assert.deepEqual(await submit(store, 'talk'), { kind: 'existing', record });
      await advance(ttlMs / 2 + 1);
      assert.deepEqual((await store.takeExpired(10)).map(({ id }) => id), [record.id]);
    },
  },
  {
    name: 'a completed job that is past its time runs again as a new generation, also before it was taken',
    run: async ({ create, advance }) => {
      await using store = await create();
      const before = await completed(store, 'talk');
      await advance(ttlMs + 1);
      const outcome = await submit(store, 'talk');
      assert.equal(outcome.kind, 'restarted');
      const { generation, expiresAt, output, artifacts } = await stored(store, before.id);
      assert.deepEqual({ generation, expiresAt, output, artifacts }, { generation: 2, expiresAt: null, output: undefined, artifacts: [] });
      assert.deepEqual(await store.takeExpired(10), []);
    },
  },
  {
    name: 'fifty submits of one identity at once create one job',
    run: async ({ create }) => {
      await using store = await create();
      const epoch = await store.epoch();
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => store.submit(requestFor(epoch, 'talk'))));
      assert.equal(outcomes.filter(({ kind }) => kind === 'created').length, 1);
      assert.equal(outcomes.filter(({ kind }) => kind === 'existing').length, 49);
      assert.equal(new Set(outcomes.map((outcome) => 'record' in outcome && outcome.record.inputFolder)).size, 1);
      assert.equal((await store.list({}, { limit: 100 })).jobs.length, 1);
    },
  },
  {
    name: 'guard 3: a submit whose input was staged in an epoch that has passed is refused and writes nothing',
    run: async ({ create }) => {
      await using store = await create();
      const request = requestFor(await store.epoch(), 'talk');
      await store.reset();
      assert.deepEqual(await store.submit(request), { kind: 'refused', reason: 'epoch-passed' });
      assert.equal(await store.get(request.id), null);
    },
  },
  {
    name: 'a submit with the id of another identity is refused and leaves that one alone',
    run: async ({ create }) => {
      await using store = await create();
      const record = await completed(store, 'talk');
      assert.deepEqual(await submit(store, 'talk', { digest: 'f'.repeat(64), fresh: true }), { kind: 'refused', reason: 'id-collision' });
      assert.deepEqual(await stored(store, record.id), record);
    },
  },
  {
    name: 'the waiting line of an operation is bounded: queued and retrying jobs fill it, running and other ones do not',
    run: async ({ create }) => {
      await using store = await create();
      const bounded = { maxWaiting: 2 };
      await running(store, 'running', bounded);
      await retrying(store, 'retrying', bounded);
      await queued(store, 'queued', bounded);
      await queued(store, 'other', { ...bounded, operation: 'download' });
      const refused = await submit(store, 'one too many', bounded);
      assert.ok(refused.kind === 'refused' && refused.reason === 'queue-full');
      assert.ok((refused.retryAfterMs ?? 0) > 0);
      assert.equal((await submit(store, 'queued', bounded)).kind, 'existing');
      await claimIt(store, await queued(store, 'more room', { maxWaiting: 3 }));
      assert.equal(await store.requestCancel(requestFor('', 'queued').id), 'cancelled');
      assert.equal((await submit(store, 'one too many', bounded)).kind, 'created');
    },
  },
  {
    name: 'fresh runs a completed identity again as a new generation with other folders',
    run: async ({ create }) => {
      await using store = await create();
      const before = await completed(store, 'talk');
      const after = await queued(store, 'talk', { fresh: true });
      const { generation, state, output, artifacts, outputFolder, attempts, usage, history, createdAt } = after;
      assert.deepEqual({ generation, state, output, artifacts, outputFolder, attempts, usage, history, createdAt }, { generation: 2, state: 'queued', output: undefined, artifacts: [], outputFolder: null, attempts: 0, usage: null, history: [], createdAt: before.createdAt });
      assert.ok(after.sequence > before.sequence);
      assert.notEqual(after.inputFolder, null);
    },
  },
  {
    name: 'a completed generation that was found unusable runs again, a later one does not',
    run: async ({ create }) => {
      await using store = await create();
      const first = await completed(store, 'talk');
      const second = await queued(store, 'talk', { discardGeneration: first.generation });
      assert.equal(second.generation, 2);
      const claimed = await claimIt(store, second);
      await commit(store, claimed, success(claimed));
      assert.equal((await submit(store, 'talk', { discardGeneration: first.generation })).kind, 'existing');
    },
  },
  ...([['failed', failed], ['cancelled', cancelled]] as const).map(([state, make]): ConformanceCase<JobStoreHarness> => ({
    name: `a submit of an identity that is ${state} runs it again with a full budget`,
    run: async ({ create }) => {
      await using store = await create();
      assert.equal((await make(store, 'talk')).state, state);
      const { generation, attempts, losses, error, deadLetter, endedAt, expiresAt, cancelRequested } = await queued(store, 'talk');
      assert.deepEqual({ generation, attempts, losses, error, deadLetter, endedAt, expiresAt, cancelRequested }, { generation: 2, attempts: 0, losses: 0, error: null, deadLetter: null, endedAt: null, expiresAt: null, cancelRequested: false });
    },
  })),
  {
    name: 'a submit that finds its identity expiring starts a run that counts from the start and has other folders',
    run: async ({ create, advance }) => {
      await using store = await create();
      const first = await commit(store, await running(store, 'talk'), failure);
      const taken = await store.takeNow(first.id);
      await advance(10);
      const outcome = await submit(store, 'talk');
      assert.ok(outcome.kind === 'created');
      const { generation, state, takeToken, inputFolder, sequence } = outcome.record;
      assert.deepEqual({ generation, state, takeToken }, { generation: 1, state: 'queued', takeToken: null });
      assert.ok(inputFolder !== null && taken !== null && !taken.folders.includes(inputFolder));
      assert.ok(sequence > first.sequence);
      assert.deepEqual((await store.list({}, { limit: 10 })).jobs, [outcome.record]);
    },
  },
  {
    name: 'a job that is made again after its record is gone never repeats a dispatch number',
    run: async ({ create, advance }) => {
      await using store = await create();
      const first = await cancelled(store, 'talk');
      const taken = await store.takeNow(first.id);
      assert.equal(await store.purge(first.id, taken?.takeToken ?? ''), true);
      await advance(1);
      const second = await queued(store, 'talk');
      assert.equal(second.generation, 1);
      assert.ok(second.sequence > first.sequence);
    },
  },
  {
    name: 'a request that makes no valid record is refused and writes nothing',
    run: async ({ create }) => {
      await using store = await create();
      for (const inputFolder of ['/etc', 'jobs/../../etc']) await rejectsWith('INVALID_INPUT', () => submit(store, 'talk', { inputFolder }));
      assert.equal(await store.get(requestFor('', 'talk').id), null);
    },
  },
  {
    name: 'what goes in and comes out is not shared with the store',
    run: async ({ create }) => {
      await using store = await create();
      const options = { key: 'talk', list: [1] };
      const { id } = await queued(store, 'talk', { options });
      options.list.push(2);
      const record = await stored(store, id);
      try {
        (record.options['list'] as number[]).push(3);
      } catch (thrown) {
        assert.ok(thrown instanceof TypeError, 'A store may freeze what it returns');
      }
      assert.deepEqual((await stored(store, id)).options, { key: 'talk', list: [1] });
    },
  },
];

import { createMemoryStore, type JobStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type FakeClock } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing, untilState } from './testing/bench.ts';
import { away, withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

/** A store that survives the disposal by one of its users, so that a test can look into it. */
function sharedStore(clock: FakeClock): { readonly store: JobStore; readonly held: JobStore; disposals: () => number } {
  const store = createMemoryStore({ clock });
  let disposals = 0;
  const held = new Proxy(store, { get: (target, name) => (name === Symbol.asyncDispose ? () => Promise.resolve(void (disposals += 1)) : (Reflect.get(target, name) as unknown)) });
  return { store, held, disposals: () => disposals };
}

test('closing lets running jobs end, starts no waiting one, and leaves those in the store', async () => {
  const gate = Promise.withResolvers<void>();
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'wait', for: gate.promise }]], limits: { concurrency: 1 } });
  const clock = createFakeClock();
  const { store, held, disposals } = sharedStore(clock);
  await using bench = await openBench({ operations: [slow], clock, store: held });
  const running = await bench.jobs.submit('slow', { number: 1 });
  const waiting = await bench.jobs.submit('slow', { number: 2 });
  await slow.started(1);
  const closing = bench.jobs.close({ deadlineMs: 60_000 });
  await expect(bench.jobs.submit('slow', { number: 3 })).rejects.toMatchObject({ code: 'CLOSED' });
  gate.resolve();
  await passing(clock, closing);
  expect([(await store.get(running.id))?.state, (await store.get(waiting.id))?.state]).toEqual(['completed', 'queued']);
  expect(slow.calls).toHaveLength(1);
  expect(disposals()).toBe(1);
  expect(clock.pending).toBe(0);
});

test('at the deadline the rest is stopped, its claim is given back and the attempt refunded', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]] });
  const clock = createFakeClock();
  const { store, held } = sharedStore(clock);
  await using bench = await openBench({ operations: [slow], clock, store: held });
  const job = await bench.jobs.submit('slow', {});
  const { attempt } = await slow.started(1);
  const closedAt = clock.monotonic();
  const interrupted = new Promise((resolve) => attempt.signal.addEventListener('abort', () => resolve(clock.monotonic() - closedAt)));
  await passing(clock, bench.jobs.close({ deadlineMs: 5_000 }));
  expect(attempt.signal.reason).toMatchObject({ code: 'INTERRUPTED' });
  expect(await interrupted).toBe(5_000);
  expect(await store.get(job.id)).toMatchObject({ state: 'queued', attempts: 0, losses: 0, claim: null });
});

test('closing ends while the store is away, and while work ignores that it was killed', async () => {
  const stone = scriptedOperation({ name: 'stone', script: [[{ do: 'wait', for: new Promise(() => undefined) }]], limits: { concurrency: 1 } });
  const soft = scriptedOperation({ name: 'soft', script: [[{ do: 'hang' }]] });
  const clock = createFakeClock();
  const state = { away: false };
  const fail = <Given extends readonly unknown[], Result>(real: (...given: Given) => Promise<Result>) => async (...given: Given): Promise<Result> => {
    if (state.away) throw away();
    return real(...given);
  };
  const store = withFaults(createMemoryStore({ clock }), { release: fail, heartbeat: fail, claim: fail, commit: fail, get: fail, due: fail });
  await using bench = await openBench({ operations: [stone, soft], clock, store });
  await bench.jobs.submit('stone', {});
  const job = await bench.jobs.submit('soft', {});
  await Promise.all([stone.started(1), soft.started(1)]);
  const waited = job.result().catch((error: unknown) => error);
  state.away = true;
  const closedAt = clock.monotonic();
  await passing(clock, bench.jobs.close({ deadlineMs: 1_000 }));
  expect(clock.monotonic() - closedAt).toBeLessThan(60_000);
  expect(await waited).toMatchObject({ code: 'CLOSED' });
  expect(bench.logs.lines.some(({ message }) => message.includes('could not be stopped'))).toBe(true);
});

test('after closing with the store away nothing goes on', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]] });
  const clock = createFakeClock();
  let isAway = false;
  const store = withFaults(createMemoryStore({ clock }), { release: (real) => (key) => (isAway ? Promise.reject(away()) : real(key)) });
  await using bench = await openBench({ operations: [slow], clock, store });
  await bench.jobs.submit('slow', {});
  await slow.started(1);
  isAway = true;
  await passing(clock, bench.jobs.close({ deadlineMs: 1_000 }));
  expect(clock.pending).toBe(0);
});

test('a worker that cannot be started leaves nothing running', async () => {
  const clock = createFakeClock();
  const { store, held, disposals } = sharedStore(clock);
  const broken = withFaults(held, { due: () => () => Promise.reject(away()) });
  await expect(openBench({ operations: [scriptedOperation({ name: 'a' })], clock, store: broken })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect([clock.pending, disposals()]).toEqual([0, 1]);
  await store.ping();
});

test('a claim that was on its way when the closing began is given back untouched', async () => {
  const quick = scriptedOperation({ name: 'quick' });
  const clock = createFakeClock();
  const { store, held } = sharedStore(clock);
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = withFaults(held, {
    claim: (real) => async (request) => {
      const claimed = await real(request);
      if (claimed.length > 0) {
        asked.resolve();
        await answer.promise;
      }
      return claimed;
    },
  });
  await using bench = await openBench({ operations: [quick], clock, store: slow });
  const job = await bench.jobs.submit('quick', {});
  await asked.promise;
  const closing = bench.jobs.close({ deadlineMs: 60_000 });
  answer.resolve();
  await passing(clock, closing);
  expect(await store.get(job.id)).toMatchObject({ state: 'queued', attempts: 0, claim: null });
  expect(quick.calls).toHaveLength(0);
});

test('closing twice is closing once; the second call shortens the deadline', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]] });
  await using bench = await openBench({ operations: [slow] });
  await bench.jobs.submit('slow', {});
  const { attempt } = await slow.started(1);
  const patient = bench.jobs.close({ deadlineMs: 3_600_000 });
  const impatient = bench.jobs.close({ deadlineMs: 0 });
  await bench.clock.advance(1);
  expect(attempt.signal.reason).toMatchObject({ code: 'INTERRUPTED' });
  await passing(bench.clock, Promise.all([patient, impatient]));
  expect(bench.clock.monotonic()).toBeLessThan(60_000);
  await bench.jobs.close();
});

test('after closing every call says CLOSED, and no file of ours is left in temp or ledger', async () => {
  const quick = scriptedOperation({ name: 'quick' });
  await using bench = await openBench({ operations: [quick] });
  const job = await bench.jobs.submit('quick', {});
  await job.result();
  await passing(bench.clock, bench.jobs.close());
  const calls = [() => bench.jobs.submit('quick', {}), () => bench.jobs.get(job.id), () => bench.jobs.list(), () => bench.jobs.stats(), () => bench.jobs.sweep(), () => bench.jobs.cancel(job.id), () => job.result()];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'CLOSED' });
  expect(await bench.tempNames()).toEqual([]);
  await eventually(async () => (await bench.leftBehind()).length === 0);
});

test('files of jobs in a store that forgets them at the end go with it', async () => {
  const filed = scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out.txt', content: '12345' }]] });
  await using bench = await openBench({ operations: [filed] });
  await (await bench.jobs.submit('file', {})).result();
  expect(await bench.jobFolders()).toHaveLength(1);
  await passing(bench.clock, bench.jobs.close());
  expect(await bench.jobFolders()).toEqual([]);
});

test('a job that was interrupted is taken up by the next that opens the store', async () => {
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }], [{ do: 'succeed', output: 2 }]] });
  const clock = createFakeClock();
  const { held } = sharedStore(clock);
  let id = '';
  {
    await using first = await openBench({ operations: [slow], clock, store: held });
    const job = await first.jobs.submit('slow', {});
    id = job.id;
    await untilState(job, 'running');
    await slow.started(1);
  }
  await using second = await openBench({ operations: [slow], clock, store: held });
  const job = await second.jobs.get(id);
  expect(await passing(clock, job?.result() ?? Promise.reject(new Error('gone')))).toBe(2);
  expect((await job?.record())?.attempts).toBe(1);
});

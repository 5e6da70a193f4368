import { createMemoryStore, createProcessQueue, type Dispatch, type JobQueue } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, passing } from './testing/bench.ts';
import { withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

/** A line that others would take from too, and that forgets or refuses when it is told to. */
function sharedQueue(): { readonly queue: JobQueue; readonly dispatches: Dispatch[]; readonly state: { refuses: boolean; loses: boolean; depth: number | null }; readonly takeAway: () => void } {
  const line = createProcessQueue();
  const dispatches: Dispatch[] = [];
  const state = { refuses: false, loses: false, depth: null as number | null };
  const taken: AbortController[] = [];
  const queue: JobQueue = {
    specVersion: 1,
    capabilities: { shared: true },
    async dispatch(dispatch) {
      if (state.refuses) throw new MediaJobError('QUEUE_UNAVAILABLE', { message: 'away' });
      dispatches.push(dispatch);
      if (!state.loses) await line.dispatch(dispatch);
    },
    consume: (handler, concurrency) => line.consume((pointer, operation) => {
      const mine = new AbortController();
      taken.push(mine);
      return handler(pointer, operation, mine.signal);
    }, concurrency),
    depth: async () => (state.depth === null ? line.depth() : { waiting: state.depth, running: 0 }),
    purge: () => line.purge(), forget: () => line.forget(0), pause: () => line.pause(), resume: () => line.resume(), close: (options) => line.close(options),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  };
  return { queue, dispatches, state, takeAway: () => taken.at(-1)?.abort() };
}

const quick = (): ReturnType<typeof scriptedOperation<'quick'>> => scriptedOperation({ name: 'quick', script: [[{ do: 'succeed', output: 1 }]] });

test('a job that the queue refused is handed to it again by the next look, under the same number', async () => {
  const { queue, dispatches, state } = sharedQueue();
  await using bench = await openBench({ operations: [quick()], queue });
  state.refuses = true;
  const job = await bench.jobs.submit('quick', {});
  expect((await job.record()).state).toBe('queued');
  state.refuses = false;
  await bench.clock.advance(5_001);
  expect(await bench.jobs.sweep()).toMatchObject({ dispatched: 1 });
  await passing(bench.clock, job.result());
  expect(dispatches.map(({ pointer, again }) => [pointer.id, again])).toEqual([[job.id, true]]);
});

test('a short line is handed over again whole, a long one only when the queue has fewer entries than the store has jobs', async () => {
  const { queue, dispatches, state } = sharedQueue();
  await using bench = await openBench({ operations: [scriptedOperation({ name: 'quick', limits: { maxWaiting: 1_000 } })], queue });
  state.loses = true;
  for (let number = 0; number < 230; number += 1) await bench.jobs.submit('quick', { number });
  await bench.clock.advance(5_001);
  state.depth = 230;
  dispatches.length = 0;
  expect(await bench.jobs.sweep()).toMatchObject({ dispatched: 200 });
  state.depth = 20;
  dispatches.length = 0;
  expect(await bench.jobs.sweep()).toMatchObject({ dispatched: 230 });
  expect(new Set(dispatches.map(({ pointer }) => pointer.id)).size).toBe(230);
});

test('of the looks that a large fleet makes a few hand over again what stands in line, and those of a small fleet and by hand all do', async () => {
  const { queue, dispatches, state } = sharedQueue();
  const clock = createFakeClock();
  const running = { count: 0 };
  const store = withFaults(createMemoryStore({ clock }), { stats: (stats) => async () => { const found = await stats(); return { ...found, byState: { ...found.byState, running: running.count } }; } });
  const chance = { next: 0.5 };
  await using bench = await openBench({ operations: [scriptedOperation({ name: 'quick', limits: { concurrency: 4 } })], queue, store, clock, random: () => chance.next });
  state.loses = true;
  await bench.jobs.submit('quick', {});
  const handedOver = async (processes: number, random: number): Promise<boolean> => {
    [running.count, chance.next] = [4 * processes, random];
    dispatches.length = 0;
    for (let second = 0; second < 34; second += 1) {
      await clock.advance(1_000);
      await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    return dispatches.length > 0;
  };
  expect([await handedOver(10, 0.99), await handedOver(1_000, 0.011), await handedOver(1_000, 0.009)]).toEqual([true, false, true]);
  chance.next = 0.99;
  expect(await bench.jobs.sweep(), 'By hand it is done whatever the size').toMatchObject({ dispatched: 1 });
});

test('a job whose attempt the queue has lost sight of is stopped, refunded, and handed over under the next number', async () => {
  const { queue, dispatches, takeAway } = sharedQueue();
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }], [{ do: 'succeed', output: 2 }]] });
  await using bench = await openBench({ operations: [slow], queue });
  const job = await bench.jobs.submit('slow', {});
  const { attempt, ended } = await slow.started(1);
  takeAway();
  expect(attempt.signal.reason).toMatchObject({ code: 'INTERRUPTED' });
  await passing(bench.clock, ended);
  await eventually(() => dispatches.length >= 2);
  const [first, second] = dispatches;
  expect(second?.pointer.sequence).toBeGreaterThan(first?.pointer.sequence ?? 0);
  // Of two attempts one is charged: the one that was taken away is refunded.
  await passing(bench.clock, job.result());
  expect(await job.record()).toMatchObject({ state: 'completed', attempts: 1, losses: 0 });
});

test('a queue that is away is told by its health check, and stops no pass', async () => {
  const { queue, state } = sharedQueue();
  await using bench = await openBench({ operations: [quick()], queue });
  const check = bench.jobs.healthChecks.find(({ name }) => name === 'queue');
  expect(await check?.check(new AbortController().signal)).toMatchObject({ ok: true, detail: '0 waiting, 0 running' });
  state.refuses = true;
  await bench.jobs.submit('quick', {});
  await bench.clock.advance(5_001);
  expect(await bench.jobs.sweep()).toMatchObject({ errors: [] });
});

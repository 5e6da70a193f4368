import { createMemoryStore, type JobStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { override } from '../conformance/broken/override.ts';
import { leftFolders, openBench, passing, sharedLine } from './testing/bench.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

/** What of the store is watched now, by what was asked for. */
function watchedStore(store: JobStore): { readonly store: JobStore; readonly watched: string[] } {
  const watched: string[] = [];
  const watch: JobStore['watch'] = (listener, only) => {
    const kind = only ?? 'all';
    const real = store.watch(listener, only);
    watched.push(kind);
    return {
      [Symbol.dispose]() {
        watched.splice(watched.indexOf(kind), 1);
        real[Symbol.dispose]();
      },
    };
  };
  return { watched, store: override(store, { watch }) };
}

test('a worker of a shared queue watches for cancels only, and for all while somebody follows a job', async () => {
  const clock = createFakeClock();
  const { store, watched } = watchedStore(createMemoryStore({ clock }));
  const slow = scriptedOperation({ name: 'slow', script: [[{ do: 'hang' }]] });
  await using bench = await openBench({ operations: [slow], clock, store, queue: sharedLine() });
  const job = await bench.jobs.submit('slow', {});
  await slow.started(1);
  expect(watched).toEqual(['cancels']);
  const ends = [job.wait(), job.wait()];
  expect(watched).toEqual(['cancels', 'all']);
  await job.cancel();
  await passing(clock, Promise.all(ends));
  await clock.advance(10_000);
  expect(watched, 'A while after the last has gone').toEqual(['cancels']);
  await bench.jobs.close();
  expect(watched).toEqual([]);
});

test('a worker that takes its work from the store, and whoever only submits, watch for all', async () => {
  const clock = createFakeClock();
  const { store, watched } = watchedStore(createMemoryStore({ clock }));
  await using _worker = await openBench({ operations: [scriptedOperation({ name: 'quick' })], clock, store });
  expect(watched).toEqual(['all']);
  const submitting = watchedStore(createMemoryStore({ clock }));
  await using _submitter = await openBench({ operations: [scriptedOperation({ name: 'quick' })], clock, store: submitting.store, queue: sharedLine(), worker: false });
  expect(submitting.watched).toEqual(['all']);
});

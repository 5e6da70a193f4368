import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoreChange } from '@media-jobs/core';
import { createFakeClock } from '@media-jobs/core/testing';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { createObservedStore } from './sqlite-store.ts';
import { sql } from './sql.ts';
import { keys, submitSamples } from './testing/sample-jobs.ts';
import { scratchFolder, type ScratchFolder } from './testing/scratch-folder.ts';

let folder: ScratchFolder;
beforeEach(async () => { folder = await scratchFolder({ inMemory: true }); });
afterEach(async () => { await folder[Symbol.asyncDispose](); });

const pollIntervalMs = 500;

test('changes of another handle are told at the next look, once each, in their order', async () => {
  const clock = createFakeClock();
  const file = folder.at('jobs.db');
  await using own = createSqliteStore({ file, clock, pollIntervalMs });
  await using other = createSqliteStore({ file, clock });
  await own.ping();
  const seen: StoreChange[] = [];
  using _watcher = own.watch((change) => seen.push(change));
  await clock.advance(0);
  const records = await submitSamples(other, keys(3));
  await clock.advance(pollIntervalMs - 1);
  expect(seen).toEqual([]);
  await clock.advance(1);
  expect(seen).toEqual(records.map(({ id, phase }) => ({ id, generation: 1, state: 'queued', progress: 0, phase })));
  await clock.advance(10 * pollIntervalMs);
  expect(seen).toHaveLength(3);
});

test('changes of this handle are told at once, and not again by a look', async () => {
  const clock = createFakeClock();
  const file = folder.at('jobs.db');
  await using own = createSqliteStore({ file, clock, pollIntervalMs });
  await using other = createSqliteStore({ file, clock });
  await own.ping();
  const seen: string[] = [];
  using _watcher = own.watch(({ id }) => seen.push(id));
  const [mine] = await submitSamples(own, ['mine']);
  expect(seen).toEqual([mine!.id]);
  const [theirs] = await submitSamples(other, ['theirs']);
  await clock.advance(pollIntervalMs);
  expect(seen).toEqual([mine!.id, theirs!.id]);
});

test('nothing is looked for before somebody listens, nor after the last has left, and a look where nothing moved reads one counter', async () => {
  const clock = createFakeClock();
  const statements: string[] = [];
  await using store = createObservedStore({ file: folder.at('jobs.db'), clock, pollIntervalMs }, (text) => statements.push(text));
  await store.ping();
  expect(clock.pending).toBe(0);
  const watcher = store.watch(() => undefined);
  const second = store.watch(() => undefined);
  await clock.advance(pollIntervalMs);
  statements.length = 0;
  await clock.advance(pollIntervalMs);
  expect(statements).toEqual(['BEGIN', sql.dataVersion, 'COMMIT']);
  watcher[Symbol.dispose]();
  expect(clock.pending).toBe(1);
  second[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

test('a watcher that begins later is not told what moved before', async () => {
  const clock = createFakeClock();
  const file = folder.at('jobs.db');
  await using own = createSqliteStore({ file, clock, pollIntervalMs });
  await using other = createSqliteStore({ file, clock });
  await submitSamples(other, ['before']);
  await own.ping();
  const seen: string[] = [];
  using _watcher = own.watch(({ id }) => seen.push(id));
  await clock.advance(pollIntervalMs);
  expect(seen).toEqual([]);
});

test('the ring of changes stays short, and a watcher that fell behind is told the last of them', async () => {
  const clock = createFakeClock();
  const file = folder.at('jobs.db');
  await using own = createSqliteStore({ file, clock, pollIntervalMs });
  await using other = createSqliteStore({ file, clock });
  await own.ping();
  const seen: string[] = [];
  using _watcher = own.watch(({ id }) => seen.push(id));
  await clock.advance(0);
  const records = await submitSamples(other, keys(1_500));
  await clock.advance(pollIntervalMs);
  expect(seen.length).toBeGreaterThanOrEqual(1_000);
  expect(seen.length).toBeLessThan(1_200);
  expect(seen.at(-1)).toBe(records.at(-1)?.id);
});

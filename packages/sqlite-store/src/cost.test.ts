import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobStore } from '@media-jobs/core';
import { createObservedStore } from './sqlite-store.ts';
import { keys, sampleClaim, sampleRequest, sampleSuccess, submitSamples } from './testing/sample-jobs.ts';
import { scratchFolder, type ScratchFolder } from './testing/scratch-folder.ts';

/** Statements that each method runs, `BEGIN` and `COMMIT` counted: its cost, whatever the machine. */
const most: Readonly<Record<string, readonly [statements: number, call: (store: JobStore, epoch: string) => Promise<unknown>]>> = {
  'epoch': [3, (store) => store.epoch()],
  'get': [4, (store, epoch) => store.get(sampleRequest(epoch, 'job-1').id)],
  'submit of a new job': [7, (store, epoch) => store.submit(sampleRequest(epoch, `new-${Math.random()}`))],
  'submit of a known job': [4, (store, epoch) => store.submit(sampleRequest(epoch, 'job-1'))],
  'claim': [6, (store) => store.claim(sampleClaim())],
  'heartbeat of nobody': [4, (store) => store.heartbeat([{ id: 'mj_aaaaaaaaaaaaaaaaaaaaaaaaaa', token: 'none' }], 1)],
  'due lease, when nothing is': [4, (store) => store.due('lease', { limit: 100 })],
  'due retry, when nothing is': [4, (store) => store.due('retry', { limit: 100 })],
  'due dispatch, when nothing is': [4, (store) => store.due('dispatch', { limit: 100, olderThanMs: 3_600_000 })],
  'takeExpired, when nothing is, and a look at the free pages': [8, (store) => store.takeExpired(200)],
  'collect, when nothing is older': [6, (store) => store.collect(1_000)],
  // One for each of its four counters, and one for each operation that has completed jobs: constant, however many jobs there are.
  'stats': [10, (store) => store.stats()],
  'list of one page of ten': [25, (store) => store.list({}, { limit: 10 })],
};

let folder: ScratchFolder;
beforeAll(async () => { folder = await scratchFolder({ inMemory: true }); });
afterAll(async () => { await folder[Symbol.asyncDispose](); });

async function measure(jobs: number): Promise<Record<string, number>> {
  let statements = 0;
  await using store = createObservedStore({ file: folder.at(`${jobs}.db`) }, () => { statements += 1; });
  await submitSamples(store, keys(jobs));
  for (const claimed of await store.claim(sampleClaim({ limit: jobs / 2 }))) await store.commit(claimed.key, sampleSuccess(claimed));
  const epoch = await store.epoch();
  const counts: Record<string, number> = {};
  for (const [name, [, call]] of Object.entries(most)) {
    statements = 0;
    await call(store, epoch);
    counts[name] = statements;
  }
  return counts;
}

describe('what a call costs', () => {
  test('each method runs a handful of statements, and no more of them with fifty times the jobs', async () => {
    const [few, many] = [await measure(20), await measure(1_000)];
    expect(many).toEqual(few);
    for (const [name, [statements]] of Object.entries(most)) expect.soft(few[name], name).toBeLessThanOrEqual(statements);
  });

  test('a whole job is three transactions; a commit that claims the next job makes it two', async () => {
    const begun: string[] = [];
    await using store = createObservedStore({ file: folder.at('job.db') }, (text) => { if (text.startsWith('BEGIN')) begun.push(text); });
    await submitSamples(store, ['first', 'second']);
    begun.length = 0;
    const [first] = await store.claim(sampleClaim());
    const { next } = await store.commit(first!.key, sampleSuccess(first!), sampleClaim());
    await store.commit(next[0]!.key, sampleSuccess(next[0]!));
    expect(begun).toEqual(['BEGIN IMMEDIATE', 'BEGIN IMMEDIATE', 'BEGIN IMMEDIATE']);
  });

  test('calls that are made together share one transaction', async () => {
    const begun: string[] = [];
    await using store = createObservedStore({ file: folder.at('group.db') }, (text) => { if (text.startsWith('BEGIN')) begun.push(text); });
    const epoch = await store.epoch();
    begun.length = 0;
    const outcomes = await Promise.all(keys(10).map((key) => store.submit(sampleRequest(epoch, key))));
    expect(outcomes.every(({ kind }) => kind === 'created')).toBe(true);
    expect(begun).toEqual(['BEGIN IMMEDIATE']);
  });
});

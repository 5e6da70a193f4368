import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, type JobRecord } from '@media-jobs/core';
import { killAtOnce, startNodeChild } from '@media-jobs/process';
import { afterAll, expect, test } from 'vitest';
import { storesUnderTest } from '../chaos/stores-under-test.ts';
import { openStore, type StoreSpec } from '../chaos/worker/open-store.ts';

const root = mkdtempSync(join(tmpdir(), 'media-jobs-pipeline-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Told {
  readonly event: string;
  readonly name?: string;
  readonly letters?: number;
}

/** A process that runs the pipeline of letters, and what it tells. */
async function startLetters(orders: { readonly folder: string; readonly store: StoreSpec; readonly haltIn: string | null; readonly submits: boolean }) {
  const told: Told[] = [];
  let wake = (): void => undefined;
  const child = await startNodeChild({
    module: new URL('./letters-process.ts', import.meta.url),
    args: [JSON.stringify(orders)],
    onMessage: (message) => {
      told.push(message as Told);
      wake();
    },
  });
  return {
    entered: () => told.flatMap(({ event, name }) => (event === 'in' && name !== undefined ? [name] : [])),
    async until(fits: (each: Told) => boolean): Promise<Told> {
      for (;;) {
        const found = told.find(fits);
        if (found !== undefined) return found;
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), child.exited.then(({ stderrTail }) => Promise.reject(new Error(`It ended: ${stderrTail}`)))]);
      }
    },
    [Symbol.asyncDispose]: () => child.stop(killAtOnce).then(() => undefined),
  };
}

async function recordsIn(folder: string, store: StoreSpec): Promise<readonly JobRecord[]> {
  await using jobs = await createMediaJobs({ operations: [], worker: false, store: await openStore(store), workFolder: `${folder}/work` });
  return (await jobs.list()).jobs;
}

const order = ['fetch', 'upper', 'count'];
const [sqlite, redis] = storesUnderTest;

test.each([...order.map((step) => [step, 'SQLite', sqlite] as const), ['upper', 'Redis', redis] as const])('a pipeline that is killed in the middle of %s and submitted again goes on there (%s)', async (step, _name, kind) => {
  const folder = mkdtempSync(join(root, `${step}-`));
  await using prepared = await kind!.prepare(folder);
  const store = prepared.spec;
  await (async () => {
    await using first = await startLetters({ folder, store, haltIn: step, submits: true });
    await first.until(({ event, name }) => event === 'in' && name === step);
  })();
  await using second = await startLetters({ folder, store, haltIn: null, submits: true });
  expect(await second.until(({ event }) => event === 'result')).toMatchObject({ letters: 6 });
  expect(second.entered()).toEqual(order.slice(order.indexOf(step)));
  await second[Symbol.asyncDispose]();
  const records = await recordsIn(folder, store);
  expect(records.map(({ operation, state, generation }) => `${operation} ${state} ${generation}`).sort()).toEqual(['count', 'fetch', 'letters', 'upper'].map((name) => `${name} completed 1`));
  expect(readdirSync(`${folder}/work/temp`)).toEqual([]);
}, 60_000);

test('a pipeline that is killed goes on also when nobody submits it again, as soon as a worker comes', async () => {
  const folder = mkdtempSync(join(root, 'alone-'));
  await using prepared = await redis!.prepare(folder);
  const store = prepared.spec;
  await (async () => {
    await using first = await startLetters({ folder, store, haltIn: 'upper', submits: true });
    await first.until(({ event, name }) => event === 'in' && name === 'upper');
  })();
  await using second = await startLetters({ folder, store, haltIn: null, submits: false });
  await second.until(({ event, name }) => event === 'in' && name === 'count');
  await expect.poll(async () => (await recordsIn(folder, store)).map(({ state }) => state), { timeout: 20_000, interval: 200 }).toEqual(['completed', 'completed', 'completed', 'completed']);
  expect(second.entered()).toEqual(['upper', 'count']);
}, 60_000);

test('a cancel from another process reaches the step of a pipeline within a second', async () => {
  const folder = mkdtempSync(join(root, 'cancelled-'));
  await using prepared = await redis!.prepare(folder);
  const store = prepared.spec;
  await using worker = await startLetters({ folder, store, haltIn: 'upper', submits: true });
  await worker.until(({ event, name }) => event === 'in' && name === 'upper');
  await using jobs = await createMediaJobs({ operations: [], worker: false, store: await openStore(store), workFolder: `${folder}/work`, pollIntervalMs: 20 });
  const [pipeline] = (await jobs.list({ operation: 'letters' })).jobs;
  const job = await jobs.get(pipeline?.id ?? '');
  const began = performance.now();
  await job?.cancel();
  expect((await job?.wait())?.state).toBe('cancelled');
  const [step] = (await jobs.list({ operation: 'upper' })).jobs;
  expect([(await (await jobs.get(step?.id ?? ''))?.wait())?.state, performance.now() - began < 2_500]).toEqual(['cancelled', true]);
}, 60_000);

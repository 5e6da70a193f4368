import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaJobs, type JobRecord } from '@media-jobs/core';
import { killAtOnce, startNodeChild } from '@media-jobs/process';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { afterAll, expect, test } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'media-jobs-pipeline-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Told {
  readonly event: string;
  readonly name?: string;
  readonly letters?: number;
}

/** A process that runs the pipeline of letters, and what it tells. */
async function startLetters(orders: { readonly folder: string; readonly haltIn: string | null; readonly submits: boolean }) {
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

async function recordsIn(folder: string): Promise<readonly JobRecord[]> {
  await using jobs = await createMediaJobs({ operations: [], worker: false, store: createSqliteStore({ file: `${folder}/jobs.db` }), workFolder: `${folder}/work` });
  return (await jobs.list()).jobs;
}

const order = ['fetch', 'upper', 'count'];

test.each(order)('a pipeline that is killed in the middle of %s and submitted again goes on there', async (step) => {
  const folder = mkdtempSync(join(root, `${step}-`));
  await (async () => {
    await using first = await startLetters({ folder, haltIn: step, submits: true });
    await first.until(({ event, name }) => event === 'in' && name === step);
  })();
  await using second = await startLetters({ folder, haltIn: null, submits: true });
  expect(await second.until(({ event }) => event === 'result')).toMatchObject({ letters: 6 });
  expect(second.entered()).toEqual(order.slice(order.indexOf(step)));
  await second[Symbol.asyncDispose]();
  const records = await recordsIn(folder);
  expect(records.map(({ operation, state, generation }) => `${operation} ${state} ${generation}`).sort()).toEqual(['count', 'fetch', 'letters', 'upper'].map((name) => `${name} completed 1`));
  expect(readdirSync(`${folder}/work/temp`)).toEqual([]);
}, 60_000);

test('a pipeline that is killed goes on also when nobody submits it again, as soon as a worker comes', async () => {
  const folder = mkdtempSync(join(root, 'alone-'));
  await (async () => {
    await using first = await startLetters({ folder, haltIn: 'upper', submits: true });
    await first.until(({ event, name }) => event === 'in' && name === 'upper');
  })();
  await using second = await startLetters({ folder, haltIn: null, submits: false });
  await second.until(({ event, name }) => event === 'in' && name === 'count');
  for (let done = false; !done; ) done = (await recordsIn(folder)).every(({ state }) => state === 'completed');
  expect(second.entered()).toEqual(['upper', 'count']);
}, 60_000);

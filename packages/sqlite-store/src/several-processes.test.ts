import { expect, test } from 'vitest';
import { createSqliteStore } from '@media-jobs/sqlite-store';
import { startChild } from './testing/child.ts';
import { keys, sampleRequest, submitSamples } from './testing/sample-jobs.ts';
import { scratchFolder } from './testing/scratch-folder.ts';

test('two processes that claim from one line share it: each of 1000 jobs is claimed and committed once', async () => {
  await using folder = await scratchFolder();
  const file = folder.at('jobs.db');
  await using store = createSqliteStore({ file });
  const records = await submitSamples(store, keys(1_000));
  await using first = startChild('claim-loop', file, 'first');
  await using second = startChild('claim-loop', file, 'second');
  const children = [first, second];
  await Promise.all(children.map((child) => child.next()));
  for (const child of children) child.process.send('go');
  const done = await Promise.all(children.map((child) => child.next() as Promise<string[]>));
  await Promise.all(children.map((child) => child.rest()));

  expect(done.flat().sort()).toEqual(records.map(({ id }) => id).sort());
  for (const share of done) expect(share.length, 'Neither starves').toBeGreaterThan(100);
  expect((await store.stats()).byState).toMatchObject({ queued: 0, running: 0, completed: 1_000 });
  for (const { id } of records) expect((await store.get(id))?.attempts).toBe(1);
});

test('of processes that make the store and submit one identity at the same time, one creates it and the others join', async () => {
  await using folder = await scratchFolder();
  const file = folder.at('new/jobs.db');
  const children = keys(4).map(() => startChild('submit-same', file, 'talk'));
  try {
    await Promise.all(children.map((child) => child.next()));
    for (const child of children) child.process.send('go');
    const outcomes = await Promise.all(children.map((child) => child.next()));
    await Promise.all(children.map((child) => child.rest()));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'existing')).toHaveLength(3);
  } finally {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  }
  await using store = createSqliteStore({ file });
  expect(await store.get(sampleRequest('', 'talk').id)).toMatchObject({ state: 'queued', generation: 1 });
});

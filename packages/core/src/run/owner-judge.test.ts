import { existsSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore } from '@media-jobs/core';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { leftFolders, openBench } from './testing/bench.ts';
import { withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

const hour = 3_600_000;
const foreign = `o1-${'a'.repeat(16)}-${'b'.repeat(32)}-1-1-1`;

test('what a worker of another container left stays while the store holds its claim, and goes when it holds none and was silent for an hour', async () => {
  await using bench = await openBench({ operations: [scriptedOperation({ name: 'work' })], worker: false });
  const name = `temp-${'a'.repeat(26)}`;
  const [file, ledger] = [join(bench.workFolder, 'temp', name), join(bench.workFolder, 'ledger', `${foreign}.${'a'.repeat(26)}.jsonl`)];
  writeFileSync(file, 'x');
  writeFileSync(ledger, `${JSON.stringify({ owner: foreign, tempFolder: null })}\n${JSON.stringify({ do: 'record', kind: 'temp', at: name })}\n`);
  await utimes(ledger, (bench.clock.now() - 2 * hour) / 1000, (bench.clock.now() - 2 * hour) / 1000);
  const sweepTwice = async (): Promise<unknown> => {
    await bench.jobs.sweep();
    await bench.clock.advance(hour);
    return (await bench.jobs.sweep()).leftByDeadOwners;
  };
  await bench.jobs.submit('work', {});
  const [claimed] = await bench.store.claim({ owner: foreign, leaseMs: 10 * hour, operations: ['work'], limit: 1 });
  expect(await sweepTwice()).toMatchObject({ owners: 0, files: 0, unjudged: 0 });
  expect(existsSync(file)).toBe(true);
  if (claimed !== undefined) await bench.store.release(claimed.key);
  expect(await sweepTwice()).toMatchObject({ owners: 1, files: 1, unjudged: 0 });
  expect([existsSync(file), existsSync(ledger)]).toEqual([false, false]);
});

test('the store is not asked about workers of other containers while their ledgers give signs of life', async () => {
  const clock = createFakeClock();
  let lists = 0;
  const store = withFaults(createMemoryStore({ clock }), { list: (real) => (filter, page) => (lists += 1, real(filter, page)) });
  await using bench = await openBench({ operations: [scriptedOperation({ name: 'work' })], clock, store, worker: false });
  const ledger = join(bench.workFolder, 'ledger', `${foreign}.${'a'.repeat(26)}.jsonl`);
  writeFileSync(ledger, `${JSON.stringify({ owner: foreign, tempFolder: null })}\n`);
  await utimes(ledger, clock.now() / 1000, clock.now() / 1000);
  expect(await bench.jobs.sweep()).toMatchObject({ leftByDeadOwners: { owners: 0, unjudged: 1 } });
  // A pass by hand lists what runs once, in search of the dead of this host.
  expect(lists).toBe(1);
});

import { createMemoryStore, type Job, type MediaJobsOptions } from '@media-jobs/core';
import { createFakeClock, scriptedOperation } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { eventually, leftFolders, openBench, untilState } from './testing/bench.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

const gib = 1024 ** 3;
const filed = () => scriptedOperation({ name: 'file', script: [[{ do: 'write', name: 'out.txt', content: '12345' }]] });

/** Readings whose figures a test moves. */
function readings(figures: { used: number | (() => number); memoryFree?: number }): NonNullable<MediaJobsOptions['guards']> {
  const used = (): number => (typeof figures.used === 'number' ? figures.used : figures.used());
  return {
    readings: {
      disk: async () => ({ usedRatio: used(), freeBytes: 10 * gib, totalBytes: 100 * gib }),
      memory: async () => ({ freeBytes: figures.memoryFree ?? 8 * gib, totalBytes: 16 * gib, limitedBy: 'machine' }),
    },
  };
}

test('a full disk or short memory refuses new work before anything is made, with a time to come again, and not what is there already', async () => {
  const figures = { used: 0.5, memoryFree: 8 * gib };
  await using bench = await openBench({ operations: [filed()], guards: readings(figures) });
  const job = await bench.jobs.submit('file', {});
  await job.result();
  const folders = await bench.jobFolders();
  await bench.clock.advance(2_000);
  figures.used = 0.96;
  await expect(bench.jobs.submit('file', { other: 1 })).rejects.toMatchObject({ code: 'DISK_FULL', retryAfterMs: 30_000 });
  expect((await bench.jobs.submit('file', {})).cached).toBe(true);
  Object.assign(figures, { used: 0.5, memoryFree: 1 });
  await bench.clock.advance(2_000);
  await expect(bench.jobs.submit('file', { other: 1 })).rejects.toMatchObject({ code: 'MEMORY_SHORT', retryAfterMs: 30_000 });
  figures.memoryFree = 8 * gib;
  await bench.clock.advance(2_000);
  expect(await bench.jobFolders()).toEqual(folders);
  await expect((await bench.jobs.submit('file', { other: 1 })).result()).resolves.toBeNull();
});

test('graphics memory refuses where a least amount is named', async () => {
  const gpu = async () => ({ gpus: [{ uuid: 'GPU-0', index: 0, name: 'a card', totalMiB: 8_000, usedMiB: 7_900, freeMiB: 100, processes: [] }], reason: null });
  const { readings: others } = readings({ used: 0.5 });
  await using bench = await openBench({ operations: [filed()], guards: { gpuRefuseMiB: 1_000, readings: { ...others, gpu } } });
  await expect(bench.jobs.submit('file', {})).rejects.toMatchObject({ code: 'GPU_MEMORY_SHORT', facts: { freeMiB: 100 } });
});

test('on a disk that fills what has expired goes within a lease, long before the next pass, and what has not stays', async () => {
  const figures = { used: 0.5 };
  await using bench = await openBench({ operations: [filed()], guards: readings(figures), ttlHours: 0.5 });
  const old = await bench.jobs.submit('file', { number: 1 });
  await old.result();
  await bench.clock.advance(1_800_000);
  const young = await bench.jobs.submit('file', { number: 2 });
  await young.result();
  // A lease and more goes by on a disk with room: nothing happens before the pass.
  await bench.clock.advance(60_000);
  expect(await bench.store.get(old.id)).not.toBeNull();
  figures.used = 0.9;
  await bench.clock.advance(60_000);
  await eventually(async () => (await bench.store.get(old.id)) === null);
  expect((await bench.store.get(young.id))?.state).toBe('completed');
});

test('on a nearly full disk ended jobs go before their time, the oldest first and no more than needed; what runs or has just ended stays', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  let [full, left] = [false, 25];
  // The disk has room again when five old jobs are left.
  const guards = readings({ used: () => (full && left > 5 ? 0.97 : 0.5) });
  const purge: typeof store.purge = async (...given) => {
    left -= 1;
    return store.purge(...given);
  };
  const running = scriptedOperation({ name: 'run', script: [[{ do: 'hang' }]], limits: { softTimeoutMs: 3_600_000, hardTimeoutMs: 7_200_000 } });
  await using bench = await openBench({ operations: [filed(), running], guards, clock, store: { ...store, purge } });
  const jobs: Job<unknown>[] = [];
  for (let number = 0; number < 25; number += 1) {
    jobs.push(await bench.jobs.submit('file', { number }));
    await jobs.at(-1)?.result();
    await clock.advance(1_000);
  }
  await clock.advance(120_000);
  const [busy, fresh] = [await bench.jobs.submit('run', {}), await bench.jobs.submit('file', { number: 'fresh' })];
  await untilState(busy, 'running');
  await fresh.result();
  full = true;
  await clock.advance(33_000);
  await eventually(() => left === 5);
  await eventually(() => bench.logs.lines.some(({ fields, message }) => message.includes('before their time') && fields['jobs'] === 20 && fields['bytes'] === 100));
  const states = await Promise.all([...jobs, busy, fresh].map(async ({ id }) => (await store.get(id))?.state ?? 'gone'));
  expect(states).toEqual([...Array.from({ length: 20 }, () => 'gone'), ...Array.from({ length: 5 }, () => 'completed'), 'running', 'completed']);
});

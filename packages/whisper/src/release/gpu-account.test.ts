import type { GpuMemory } from '@media-jobs/cleanup';
import type { ReleaseReceipt } from '@media-jobs/core';
import { createFakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { GpuAccount, requireProof } from './gpu-account.ts';

const gone: ReleaseReceipt = { pid: 77, exitedAt: 1, peakRssBytes: 1, gpu: null, proof: 'process-gone' };

/** A card whose figures a test sets. */
function setUp(): { readonly account: GpuAccount; readonly card: { usedMiB: number | null; pids: number[]; there: boolean }; readonly clock: ReturnType<typeof createFakeClock> } {
  const clock = createFakeClock();
  const card: { usedMiB: number | null; pids: number[]; there: boolean } = { usedMiB: 100, pids: [], there: true };
  const read = (): Promise<GpuMemory> => Promise.resolve({
    gpus: card.there ? [{ uuid: 'GPU-a', index: 0, name: 'Card', totalMiB: 8000, usedMiB: card.usedMiB, freeMiB: 100, processes: card.pids.map((pid) => ({ pid, usedMiB: null })) }] : [],
    reason: null,
  });
  return { account: new GpuAccount({ uuid: 'GPU-a', read, clock }), card, clock };
}

test('memory that is back is proof, with what was taken in between', async () => {
  const { account, card } = setUp();
  await account.begin();
  card.usedMiB = 900;
  await account.look(77);
  card.usedMiB = 130;
  expect(await account.settle(gone)).toEqual({ ...gone, gpu: { uuid: 'GPU-a', beforeMiB: 100, peakMiB: 900, afterMiB: 130 }, proof: 'memory-back' });
});

test('a driver that listed the process and does so no more is the stronger proof, also when others have taken memory since', async () => {
  const { account, card, clock } = setUp();
  await account.begin();
  Object.assign(card, { usedMiB: 900, pids: [77, 5] });
  await account.look(77);
  Object.assign(card, { usedMiB: 800, pids: [5] });
  const settled = account.settle(gone);
  for (let round = 0; round < 60; round += 1) await clock.advance(100);
  expect(await settled).toMatchObject({ proof: 'absent-from-driver', gpu: { afterMiB: 800 } });
});

test('memory that comes back late is waited for, and memory that never does is said', async () => {
  const { account, card, clock } = setUp();
  await account.begin();
  card.usedMiB = 900;
  await account.look(77);
  const late = account.settle(gone);
  await clock.advance(100);
  card.usedMiB = 100;
  await clock.advance(100);
  expect((await late).proof).toBe('memory-back');
  card.usedMiB = 900;
  const never = account.settle(gone);
  for (let round = 0; round < 60; round += 1) await clock.advance(100);
  const receipt = await never;
  expect(receipt).toMatchObject({ proof: 'process-gone', gpu: { beforeMiB: 100, afterMiB: 900 } });
  expect(() => requireProof(receipt)).toThrow(expect.objectContaining({ code: 'RELEASE_UNPROVEN' }));
});

test('a driver that does not tell leaves the receipt as it is', async () => {
  const { account, card } = setUp();
  card.usedMiB = null;
  await account.begin();
  expect(await account.settle(gone)).toEqual(gone);
  card.there = false;
  await account.begin();
  expect(account.figures()).toBeNull();
  for (const receipt of [gone, null]) expect(() => requireProof(receipt)).not.toThrow();
});

test('a look at the card that is under way when the run ends is broken off', async () => {
  const clock = createFakeClock();
  const asked: AbortSignal[] = [];
  const read = (signal?: AbortSignal): Promise<GpuMemory> => new Promise((_resolve, reject) => {
    if (signal !== undefined) asked.push(signal);
    signal?.addEventListener('abort', () => reject(new Error('asked no more')));
  });
  {
    await using _watching = new GpuAccount({ uuid: 'GPU-a', read, clock }).watch(() => 77);
    await clock.advance(1000);
    expect(asked).toHaveLength(1);
  }
  expect([asked[0]?.aborted, clock.pending]).toEqual([true, 0]);
});

test('growth of a warm engine is told against its first run', async () => {
  const { account, card } = setUp();
  await account.begin();
  const after = async (usedMiB: number): Promise<boolean> => {
    card.usedMiB = usedMiB;
    await account.look(77);
    return account.grew();
  };
  expect([await after(1000), await after(1200), await after(1257)]).toEqual([false, false, true]);
});

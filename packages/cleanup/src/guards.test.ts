import { mkdirSync, writeFileSync } from 'node:fs';
import { createGuards, guardDefaults, type DiskSpace, type GuardOptions, type Gpu } from '@media-jobs/cleanup';
import type { Logger } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { createHurriedClock } from './testing/hurried-clock.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();
const gib = 1024 ** 3;
const disk = (usedRatio: number, freeBytes = 10 * gib): DiskSpace => ({ usedRatio, freeBytes, totalBytes: 100 * gib });
const memory = (freeBytes: number) => ({ freeBytes, totalBytes: 16 * gib, limitedBy: 'machine' as const });
const card = (freeMiB: number | null, processes: Gpu['processes'] = []): Gpu => ({ uuid: 'GPU-0', index: 0, name: 'a card', totalMiB: 8_000, usedMiB: null, freeMiB, processes });

/** Guards over figures that a test gives. */
function guards({ used = 0.5, free = 10 * gib, memoryFree = 8 * gib, gpus = [] as Gpu[] } = {}, options: Partial<GuardOptions> = {}) {
  return createGuards({ folders: ['/jobs'], readings: { disk: async () => disk(used, free), memory: async () => memory(memoryFree), gpu: async () => ({ gpus, reason: null }) }, ...options });
}

test.each([
  [0.85, 'ok', 'none'],
  [0.851, 'warn', 'expired'],
  [0.95, 'warn', 'expired'],
  [0.951, 'refuse', 'unused'],
])('a disk that is used by %d is %s, and %s has to go', async (used, level, relief) => {
  expect(await guards({ used }).check()).toMatchObject({ level, disks: [{ folder: '/jobs', level, relief }] });
});

test('a disk with less than the reserve is refused whatever its share, and nothing goes for that', async () => {
  expect(await guards({ used: 0.5, free: 100 }).check()).toMatchObject({ level: 'refuse', disks: [{ relief: 'none' }] });
  expect(await guards({ used: 0.5, free: 100 }, { diskReserveBytes: 100 }).check()).toMatchObject({ level: 'ok' });
});

test('an admission says what is short, with the figures and when to come again', async () => {
  await expect(guards().admit()).resolves.toBeUndefined();
  await expect(guards({ used: 0.9, memoryFree: guardDefaults.memoryWarnBytes - 1 }).admit()).resolves.toBeUndefined();
  await expect(guards({ used: 0.96 }).admit()).rejects.toMatchObject({ code: 'DISK_FULL', retryAfterMs: 30_000, facts: { folder: '/jobs', usedRatio: 0.96 } });
  await expect(guards({ memoryFree: 100 }, { retryAfterMs: 5 }).admit()).rejects.toMatchObject({ code: 'MEMORY_SHORT', retryAfterMs: 5, facts: { freeBytes: 100, limitedBy: 'machine' } });
});

test('graphics memory counts when a least amount is named: the best card decides, and what is ours is as good as free', async () => {
  const theirs = { pid: 1, usedMiB: 5_000 };
  const ours = { pid: process.pid, usedMiB: 3_000 };
  await expect(guards({ gpus: [card(10)] }).admit()).resolves.toBeUndefined();
  await expect(guards({ gpus: [card(10, [theirs]), card(900)] }, { gpuRefuseMiB: 1_000 }).admit()).rejects.toMatchObject({ code: 'GPU_MEMORY_SHORT', facts: { freeMiB: 900 } });
  await expect(guards({ gpus: [card(10), card(1_000)] }, { gpuRefuseMiB: 1_000 }).admit()).resolves.toBeUndefined();
  expect((await guards({ gpus: [card(10, [ours])] }, { gpuRefuseMiB: 1_000 }).check()).gpu).toEqual({ freeMiB: 3_010, level: 'ok', reason: null });
  // No card, or one that does not tell, is no reason to turn work away.
  for (const gpus of [[], [card(null)]]) await expect(guards({ gpus }, { gpuRefuseMiB: 1_000 }).admit()).resolves.toBeUndefined();
});

test('a second of admissions costs one reading', async () => {
  const clock = createHurriedClock();
  let readings = 0;
  const watched = guards({}, { clock, readings: { disk: async () => (readings += 1, disk(0.5)), memory: async () => memory(8 * gib) } });
  await Promise.all(Array.from({ length: 50 }, () => watched.admit()));
  expect(readings).toBe(1);
  clock.pass(1_001);
  await watched.admit();
  expect(readings).toBe(2);
});

test('a change is logged once, and so is its end', async () => {
  const lines: string[] = [];
  const log = (_: unknown, message: string): void => void lines.push(message);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  let used = 0.9;
  const watched = guards({}, { logger, readings: { disk: async () => disk(used), memory: async () => memory(8 * gib) } });
  for (let look = 0; look < 3; look += 1) await watched.check();
  used = 0.5;
  for (let look = 0; look < 3; look += 1) await watched.check();
  expect(lines).toEqual(['Disk or memory runs short', 'There is room again']);
});

test.each([{ diskWarnRatio: 0.99 }, { diskRefuseRatio: 1.5 }, { memoryRefuseBytes: -1 }, { retryAfterMs: Number.NaN }, { folders: [''] }])('%j is refused', (options) => {
  expect(() => guards({}, options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});

test.skipIf(!isRoot)('a real disk goes from ok over warn to refuse as it fills (a mount, so as root only)', async () => {
  mkdirSync(scratch.path('jobs'));
  const small = scratch.tmpfs('jobs/disk', 'size=1m');
  const watched = createGuards({ folders: [small], diskReserveBytes: 0, memoryRefuseBytes: 0, memoryWarnBytes: 0 });
  const fill = async (name: string, share: number): Promise<string> => {
    writeFileSync(`${small}/${name}`, Buffer.alloc(share * 1024 * 1024));
    return (await watched.check()).level;
  };
  expect([await fill('half', 0.5), await fill('more', 0.4), await fill('most', 0.08)]).toEqual(['ok', 'warn', 'refuse']);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskSpace, requireDiskSpace } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();

test('the room of a folder that does not exist yet is that of its nearest ancestor', async () => {
  const space = await diskSpace(scratch.path());
  expect(space.totalBytes).toBeGreaterThan(0);
  expect(space.usedRatio).toBeGreaterThanOrEqual(0);
  expect(space.usedRatio).toBeLessThanOrEqual(1);
  expect((await diskSpace(scratch.path('not', 'yet'))).totalBytes).toBe(space.totalBytes);
});

test.skipIf(!isRoot)('free bytes and use follow what is written (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=1m');
  expect(await diskSpace(disk)).toEqual({ freeBytes: 1_048_576, totalBytes: 1_048_576, usedRatio: 0 });
  writeFileSync(join(disk, 'file'), Buffer.alloc(262_144));
  expect(await diskSpace(disk)).toEqual({ freeBytes: 786_432, totalBytes: 1_048_576, usedRatio: 0.25 });
});

test.skipIf(!isRoot)('too little room is DISK_FULL, naming need, room and folder; exactly enough passes (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=1m');
  await expect(requireDiskSpace(disk, { bytes: 48_576, reserveBytes: 1_000_000 })).resolves.toMatchObject({ freeBytes: 1_048_576 });
  await expect(requireDiskSpace(disk, { bytes: 48_577, reserveBytes: 1_000_000 })).rejects.toMatchObject({ code: 'DISK_FULL', facts: { folder: disk, neededBytes: 1_048_577, freeBytes: 1_048_576 } });
  await expect(requireDiskSpace(disk, { bytes: 0 })).rejects.toThrow(`512.0 MiB free for ${JSON.stringify(disk)}`);
});

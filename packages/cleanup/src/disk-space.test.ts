import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
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

test.skipIf(!isRoot)('too little room is DISK_FULL, naming need, room, folder and when to ask again; exactly enough passes (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=1m');
  await expect(requireDiskSpace(disk, { bytes: 48_576, reserveBytes: 1_000_000 })).resolves.toMatchObject({ freeBytes: 1_048_576 });
  await expect(requireDiskSpace(disk, { bytes: 48_577, reserveBytes: 1_000_000 })).rejects.toMatchObject({ code: 'DISK_FULL', retryAfterMs: 30_000, facts: { folder: disk, neededBytes: 1_048_577, freeBytes: 1_048_576 } });
  await expect(requireDiskSpace(disk, { bytes: 0 })).rejects.toThrow(`512.0 MiB free for ${JSON.stringify(disk)}`);
});

test.skipIf(!isRoot)('what is reserved for root does not count as free (a mount, so as root only)', async (context) => {
  const [image, disk] = [scratch.path('image'), scratch.path('disk')];
  mkdirSync(disk);
  try {
    execFileSync('sh', ['-c', 'truncate -s 8m "$0" && mkfs.ext4 -q -m 50 "$0" && mount -o loop "$0" "$1"', image, disk], { stdio: 'ignore' });
  } catch {
    context.skip('no loop device or no mkfs.ext4 here');
  }
  try {
    const { freeBytes, totalBytes } = await diskSpace(disk);
    expect(freeBytes).toBeLessThan(totalBytes / 2);
    expect(freeBytes).toBeGreaterThan(0);
  } finally {
    execFileSync('umount', [disk]);
  }
});

import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile, linkOrCopy, stageFile } from '@media-jobs/cleanup';
import { expect, test } from 'vitest';
import { startChild } from './testing/child.ts';
import { isRoot, useScratch } from './testing/scratch.ts';

const scratch = useScratch();
/** Longer than two reads, and no round size. */
const content = Buffer.alloc(2_500_001, 'abc');
const sha256 = createHash('sha256').update(content).digest('hex');

function source(name = 'source'): string {
  writeFileSync(scratch.path(name), content);
  return scratch.path(name);
}

test('hashing resolves with size and sha256, and tells how far it is', async () => {
  const seen: number[] = [];
  await expect(hashFile(source(), { onBytes: (bytes) => seen.push(bytes) })).resolves.toEqual({ bytes: content.length, sha256 });
  expect(seen).toEqual([1_048_576, 2_097_152, content.length]);
  writeFileSync(scratch.path('empty'), '');
  await expect(hashFile(scratch.path('empty'))).resolves.toEqual({ bytes: 0, sha256: createHash('sha256').digest('hex') });
});

test('hashing 300 MB keeps no more than a few reads in memory', async () => {
  writeFileSync(scratch.path('large'), 'x');
  truncateSync(scratch.path('large'), 300_000_000);
  let peak = 0;
  const before = process.memoryUsage().rss;
  await hashFile(scratch.path('large'), { onBytes: () => void (peak = Math.max(peak, process.memoryUsage().rss)) });
  expect(peak - before).toBeLessThan(50_000_000);
});

test('hashing stops at an abort with ABORTED', async () => {
  const stop = new AbortController();
  await expect(hashFile(source(), { signal: stop.signal, onBytes: () => stop.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(hashFile(source(), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
});

test('a staged copy has the content, is for this user only, and its digest is told', async () => {
  const from = source('--in "%03d"\n');
  chmodSync(from, 0o444);
  await expect(stageFile(from, scratch.path('copy'), { expectedSha256: sha256 })).resolves.toEqual({ bytes: content.length, sha256 });
  expect(readFileSync(scratch.path('copy')).equals(content)).toBe(true);
  expect(statSync(scratch.path('copy')).mode & 0o777).toBe(0o600);
});

test('another digest than expected is INPUT_CHANGED, and nothing is left', async () => {
  await expect(stageFile(source(), scratch.path('copy'), { expectedSha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'INPUT_CHANGED', class: 'transient' });
  expect(scratch.tree(scratch.path())).toEqual(['source']);
});

test('a source that is written to while it is copied is INPUT_CHANGED, also without an expected digest', async () => {
  const from = source();
  let written = false;
  const onBytes = (): void => {
    if (!written) appendFileSync(from, 'more');
    written = true;
  };
  await expect(stageFile(from, scratch.path('copy'), { onBytes })).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
  expect(scratch.tree(scratch.path())).toEqual(['source']);
});

test('an abort while staging leaves nothing, and the reason is kept', async () => {
  const stop = new AbortController();
  const staging = stageFile(source(), scratch.path('copy'), { signal: stop.signal, onBytes: () => stop.abort(new Error('enough')) });
  await expect(staging).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
  expect(scratch.tree(scratch.path())).toEqual(['source']);
});

test('a target that is there is refused and stays as it was', async () => {
  writeFileSync(scratch.path('copy'), 'old');
  await expect(stageFile(source(), scratch.path('copy'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  await expect(linkOrCopy(source(), scratch.path('copy'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  expect(readFileSync(scratch.path('copy'), 'utf8')).toBe('old');
});

test('a source that is missing or a pipe has its own error, and no target is made', async () => {
  execFileSync('mkfifo', [scratch.path('pipe')]);
  for (const stage of [stageFile, linkOrCopy]) {
    await expect(stage(scratch.path('none'), scratch.path('copy'))).rejects.toMatchObject({ code: 'INPUT_MISSING' });
    await expect(stage(scratch.path('pipe'), scratch.path('copy'))).rejects.toMatchObject({ code: 'INPUT_NOT_FILE' });
  }
  expect(scratch.tree(scratch.path())).toEqual(['pipe']);
});

test.skipIf(!isRoot)('a disk that fills up is DISK_FULL, and nothing is left on it (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=1m');
  await expect(stageFile(source(), join(disk, 'copy'))).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(linkOrCopy(source(), join(disk, 'copy'))).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(scratch.tree(disk)).toEqual([]);
});

test('a second name on the same disk is a hard link, which outlives the first', async () => {
  await expect(linkOrCopy(source(), scratch.path('second'))).resolves.toBe('linked');
  expect(statSync(scratch.path('second')).nlink).toBe(2);
  rmSync(scratch.path('source'));
  expect(readFileSync(scratch.path('second')).equals(content)).toBe(true);
});

test.skipIf(!isRoot)('a second name on another disk is a copy (a mount, so as root only)', async () => {
  const disk = scratch.tmpfs('disk', 'size=4m');
  await expect(linkOrCopy(source(), join(disk, 'second'))).resolves.toBe('copied');
  expect(readFileSync(join(disk, 'second')).equals(content)).toBe(true);
});

test.skipIf(!isRoot)('where no hard link may be made a second name is a copy (other users, so as root only)', async () => {
  const from = source();
  chownSync(scratch.path(), 65534, 65534);
  scratch.openToOthers();
  const child = startChild('as-nobody', ['link', from, scratch.path('second')]);
  await expect(child.next()).resolves.toEqual({ result: 'copied' });
  await child.kill();
  expect(readFileSync(scratch.path('second')).equals(content)).toBe(true);
});

test.skipIf(!isRoot)('where the file system shares blocks the copy costs none, and is hashed all the same (btrfs or xfs, as root only)', async (context) => {
  const [image, folder] = [scratch.path('image'), scratch.path('shared')];
  mkdirSync(folder);
  try {
    execFileSync('sh', ['-c', 'truncate -s 400m "$0" && (mkfs.btrfs -q "$0" || mkfs.xfs -q "$0") && mount -o loop "$0" "$1"', image, folder], { stdio: 'ignore' });
  } catch {
    context.skip('no such file system here: it needs mkfs.btrfs or mkfs.xfs, and loop devices');
  }
  try {
    writeFileSync(join(folder, 'source'), content);
    const reads: number[] = [];
    await expect(stageFile(join(folder, 'source'), join(folder, 'copy'), { onBytes: (bytes) => reads.push(bytes) })).resolves.toEqual({ bytes: content.length, sha256 });
    expect(reads.at(-1)).toBe(content.length);
    expect(execFileSync('filefrag', ['-v', join(folder, 'copy')], { encoding: 'utf8' })).toContain('shared');
    expect(statSync(join(folder, 'copy')).mode & 0o777).toBe(0o600);
    await expect(stageFile(join(folder, 'source'), join(folder, 'copy'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await expect(stageFile(join(folder, 'source'), join(folder, 'other'), { expectedSha256: 'x' })).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
    expect(existsSync(join(folder, 'other'))).toBe(false);
  } finally {
    execFileSync('umount', [folder]);
  }
});

import { link, lstat, open, rename, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { copyBytes, type ReadControls } from './copy-bytes.ts';
import { systemCode, writeError } from './file-errors.ts';
import { requireRegularFile } from './input-errors.ts';
import { openInput } from './open-input.ts';
import { outputExists, requireWritableTarget } from './output-target.ts';
import { removePath } from './remove-path.ts';
import { createTempFiles, type TempFiles } from './temp-files.ts';

/** Options of `publishFile`. */
export interface PublishFileOptions extends ReadControls {
  /** Whether an existing file may be replaced. Default false: `OUTPUT_EXISTS`. */
  readonly overwrite?: boolean;
  /** Whether the content is on the disk before its name is: without, a power cut may leave the name with less. Costs what the disk costs. Default true. */
  readonly sync?: boolean;
  /** Makes the part file that is needed when the target lies on another disk. Default: one without a ledger. */
  readonly temp?: Pick<TempFiles, 'file'>;
}

/**
 * Moves a finished file to where it belongs. The target appears whole or not at all, with the rights that the part file
 * has; a link at the target is replaced, not followed. On another disk the content is copied to a part file beside the
 * target first. The part file is gone afterwards; when this throws, it is still there and nothing is at the target that
 * was not there before.
 *
 * Throws `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`, `DISK_FULL`, `ABORTED`, `EMPTY_OUTPUT` when there is no part file, and
 * `CLEANUP_FAILED` when only the part file could not be removed: the target is then in its place.
 */
export async function publishFile(partPath: string, targetPath: string, options: PublishFileOptions = {}): Promise<void> {
  const [part, target] = [resolve(partPath), resolve(targetPath)];
  const { overwrite = false, sync = true } = options;
  await requirePart(part);
  await requireWritableTarget(target, overwrite);
  try {
    if (sync) await syncFile(part);
    await place(part, target, overwrite);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw writeError(target, error);
    await publishAcrossDisks(part, target, options);
  }
}

async function publishAcrossDisks(part: string, target: string, options: PublishFileOptions): Promise<void> {
  const { overwrite = false, sync = true, temp = createTempFiles({ folder: target }) } = options;
  await using beside = await temp.file({ near: target });
  try {
    await copyFile(part, beside.path, options);
    if (sync) await syncFile(beside.path);
    await place(beside.path, target, overwrite);
    await removePath(part, { filesOnly: true });
  } catch (error) {
    throw writeError(target, error);
  }
}

async function copyFile(from: string, to: string, controls: ReadControls): Promise<void> {
  await using source = await openInput(from);
  await using target = await open(to, 'r+');
  const copied = await copyBytes(source, controls, target);
  const { size, mode } = await source.handle.stat();
  await target.chmod(mode & 0o777);
  const written = (await target.stat()).size;
  if (copied === size && written === size) return;
  throw new MediaJobError('INPUT_CHANGED', {
    message: `Expected ${size} bytes of ${JSON.stringify(from)} to arrive at ${JSON.stringify(to)}, got ${written}.`,
    advice: 'Publish a file only after its writer has ended.',
    facts: { path: from, bytes: size, writtenBytes: written },
  });
}

/** One atomic act on one file system. Fails with `EXDEV` where there are two. */
async function place(part: string, target: string, overwrite: boolean): Promise<void> {
  if (overwrite) return rename(part, target);
  try {
    await link(part, target);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw outputExists(target);
    if (!linklessCodes.has(systemCode(error))) throw error;
    return reserveAndRename(part, target);
  }
  await removePath(part, { filesOnly: true });
}

/** How file systems without hard links, such as FAT, refuse them. */
const linklessCodes = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** An empty file holds the name until the whole one replaces it. */
async function reserveAndRename(part: string, target: string): Promise<void> {
  try {
    await (await open(target, 'wx')).close();
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? outputExists(target) : error;
  }
  try {
    await rename(part, target);
  } catch (error) {
    await unlink(target);
    throw error;
  }
}

async function syncFile(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function requirePart(part: string): Promise<void> {
  try {
    requireRegularFile(part, await lstat(part));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw writeError(part, error);
    throw new MediaJobError('EMPTY_OUTPUT', { message: `Expected a finished file at ${JSON.stringify(part)}, got none.`, advice: 'Look into the log of the program that should have written it.', facts: { path: part }, cause: error });
  }
}

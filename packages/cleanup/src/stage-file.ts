import { constants } from 'node:fs';
import { chmod, copyFile, link, open, type FileHandle } from 'node:fs/promises';
import { copyBytes, digestBytes, type FileDigest, type ReadControls } from './copy-bytes.ts';
import { systemCode, writeError } from './file-errors.ts';
import { inputError } from './input-errors.ts';
import { openInput, type OpenInput } from './open-input.ts';
import { outputExists } from './output-target.ts';
import { removePath } from './remove-path.ts';

/** Options of `stageFile`. */
export interface StageFileOptions extends ReadControls {
  /** What the content must be. Throws `INPUT_CHANGED` when it is something else. */
  readonly expectedSha256?: string;
}

/**
 * Copies a file that belongs to somebody else, and resolves with the size and sha256 of the copy, which is readable for
 * this user only. Blocks are shared where the file system can (reflink); the copy's content is hashed in either case.
 * The target must not exist; nothing is left there when this throws. Throws `INPUT_MISSING`, `INPUT_UNREADABLE`,
 * `INPUT_NOT_FILE`, `INPUT_CHANGED` (also when the source was written to meanwhile), `DISK_FULL`, `OUTPUT_UNWRITABLE`,
 * `OUTPUT_EXISTS`, `ABORTED`.
 */
export async function stageFile(source: string, targetPath: string, options: StageFileOptions = {}): Promise<FileDigest> {
  await using from = await openInput(source);
  const before = await from.handle.stat({ bigint: true });
  return await removedOnFailure(targetPath, async () => {
    const digest = (await shareBlocks(from, targetPath)) ? await digestCopy(targetPath, options) : await fill(targetPath, (target) => digestBytes(from, options, target));
    const after = await from.handle.stat({ bigint: true });
    if (before.size !== after.size || before.mtimeNs !== after.mtimeNs || digest.bytes !== Number(after.size)) throw inputError('INPUT_CHANGED', source, 'left alone while it was read', 'a write by somebody else');
    if (options.expectedSha256 !== undefined && digest.sha256 !== options.expectedSha256) throw inputError('INPUT_CHANGED', source, `of sha256 ${options.expectedSha256}`, digest.sha256);
    return digest;
  });
}

/**
 * Gives a file of ours a second name: by a hard link where that is possible, else by a copy (reflinked where possible).
 * The target must not exist; nothing is left there when this throws. Throws `INPUT_MISSING` when the source has just
 * gone, `DISK_FULL`, `OUTPUT_UNWRITABLE`, `OUTPUT_EXISTS`, `ABORTED`.
 */
export async function linkOrCopy(source: string, targetPath: string, controls: ReadControls = {}): Promise<'linked' | 'copied'> {
  await using from = await openInput(source);
  try {
    await link(source, targetPath);
    return 'linked';
  } catch (error) {
    if (!linklessCodes.has(systemCode(error))) throw systemCode(error) === 'EEXIST' ? outputExists(targetPath) : writeError(targetPath, error);
  }
  return await removedOnFailure(targetPath, async (): Promise<'copied'> => {
    if (!(await shareBlocks(from, targetPath))) await fill(targetPath, (target) => copyBytes(from, controls, target));
    return 'copied';
  });
}

/** Another file system, too many links, or a file system or a system policy without hard links. */
const linklessCodes = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** A target that was there before is the only one that stays when the copying fails. */
async function removedOnFailure<Result>(targetPath: string, copy: () => Promise<Result>): Promise<Result> {
  try {
    return await copy();
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw outputExists(targetPath);
    await removePath(targetPath, { filesOnly: true });
    throw writeError(targetPath, error);
  }
}

/** Copies by reference into a target that does not exist. False where the file systems cannot; there is no target then. */
async function shareBlocks({ path, handle }: OpenInput, targetPath: string): Promise<boolean> {
  try {
    // On Linux the open file itself is named, so that it cannot have become a pipe since.
    const source = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
    await copyFile(source, targetPath, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
  } catch (error) {
    if (systemCode(error) === '' || systemCode(error) === 'EEXIST') throw error;
    return false;
  }
  await chmod(targetPath, 0o600);
  return true;
}

async function digestCopy(path: string, controls: ReadControls): Promise<FileDigest> {
  await using copy = await openInput(path);
  return await digestBytes(copy, controls);
}

async function fill<Result>(targetPath: string, write: (target: FileHandle) => Promise<Result>): Promise<Result> {
  await using target = await open(targetPath, 'wx', 0o600);
  return await write(target);
}

import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { systemCode } from './file-errors.ts';
import { checkAmount } from './options.ts';

/** Room on the disk of a folder. */
export interface DiskSpace {
  /** What this user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** 0..1; of what this user could ever use, as `df` counts it. */
  readonly usedRatio: number;
}

/** Options of `requireDiskSpace`. */
export interface RequireDiskSpaceOptions {
  /** What will be written, with the caller's own margin for a wrong prediction. */
  readonly bytes: number;
  /** What shall stay free beyond that. Default 512 MiB. */
  readonly reserveBytes?: number;
}

/** Kept free for everybody else on the machine. */
export const defaultReserveBytes = 512 * 1024 * 1024;

/** What a refusal tells a caller to wait: other work ends, and what has expired is removed. */
export const diskRetryAfterMs = 30_000;

/** Room on the disk that holds `folder`, or its nearest ancestor that exists. */
export async function diskSpace(folder: string): Promise<DiskSpace> {
  const path = resolve(folder);
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(path);
    const used = blocks - bfree;
    return Object.freeze({ freeBytes: bavail * bsize, totalBytes: blocks * bsize, usedRatio: used + bavail === 0 ? 1 : used / (used + bavail) });
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR')) throw MediaJobError.from(error);
    return diskSpace(parent);
  }
}

/** Throws `DISK_FULL`, naming need, room and folder, with `retryAfterMs`, unless `bytes` fit and `reserveBytes` stay free. Resolves with the room found. */
export async function requireDiskSpace(folder: string, { bytes, reserveBytes = defaultReserveBytes }: RequireDiskSpaceOptions): Promise<DiskSpace> {
  checkAmount('bytes', bytes);
  checkAmount('reserveBytes', reserveBytes);
  const space = await diskSpace(folder);
  if (space.freeBytes >= bytes + reserveBytes) return space;
  throw new MediaJobError('DISK_FULL', {
    message: `Expected ${mebibytes(bytes + reserveBytes)} free for ${JSON.stringify(folder)} (${mebibytes(bytes)} to write, ${mebibytes(reserveBytes)} in reserve), got ${mebibytes(space.freeBytes)}.`,
    advice: 'Free some space on that disk, or choose a work folder on another one.',
    facts: { folder, neededBytes: bytes + reserveBytes, bytes, reserveBytes, freeBytes: space.freeBytes },
    retryAfterMs: diskRetryAfterMs,
  });
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

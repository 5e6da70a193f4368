import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { sourceChanged, type StoredFile } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';

/** A piece of a file; each has a buffer of its own, so that it can be sent again. */
export interface FilePart {
  /** From 1. */
  readonly number: number;
  readonly body: Buffer;
}

/**
 * The file at `path` in parts of this size, the last one smaller. The last comes only when size and digest of the whole are right, so that what is made of
 * all of them is right as well. Throws `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_CHANGED`.
 */
export async function* readParts(path: string, { bytes, sha256 }: StoredFile, partBytes: number): AsyncGenerator<FilePart> {
  await using handle = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const hash = createHash('sha256');
  let position = 0;
  for (let number = 1; position < bytes || number === 1; number += 1) {
    // One byte more than the last part should have shows a file that has grown.
    const isLast = position + partBytes >= bytes;
    const body = await fill(handle, isLast ? bytes - position + 1 : partBytes, position);
    position += body.length;
    hash.update(body);
    if (isLast) {
      if (position !== bytes) throw sourceChanged(path, `of ${bytes} bytes`, position > bytes ? 'more' : `${position}`);
      const digest = hash.digest('hex');
      if (digest !== sha256) throw sourceChanged(path, `of sha256 ${sha256}`, digest);
    } else if (body.length < partBytes) throw sourceChanged(path, `of ${bytes} bytes`, `${position}`);
    yield { number, body };
  }
}

interface Readable {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** As many bytes as there are, at most so many. */
async function fill(handle: Readable, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function unreadable(path: string, cause: unknown): MediaJobError {
  const { code } = cause as NodeJS.ErrnoException;
  const missing = code === 'ENOENT' || code === 'ENOTDIR';
  return new MediaJobError(missing ? 'INPUT_MISSING' : 'INPUT_UNREADABLE', { message: `Expected to read ${JSON.stringify(path)}, got ${code ?? 'an error'}.`, advice: 'Check the path, and that this user may read it.', facts: { path }, cause });
}

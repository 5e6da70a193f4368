import { stat, lstat } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';
import { systemCode, writeError } from './file-errors.ts';

/** An `OUTPUT_EXISTS` for `target`. */
export function outputExists(target: string): MediaJobError {
  return new MediaJobError('OUTPUT_EXISTS', {
    message: `Expected no file at ${JSON.stringify(target)}, got one.`,
    advice: 'Choose another name, or allow it to be replaced.',
    facts: { path: target },
  });
}

/**
 * Throws `OUTPUT_UNWRITABLE` when something other than a regular file lies at `target`: whoever may write to `/dev`
 * would replace a device by a file. Throws `OUTPUT_EXISTS` when a file lies there and may not be replaced.
 */
export async function requireWritableTarget(target: string, overwrite: boolean): Promise<void> {
  const stats = await found(target, stat);
  if (stats !== undefined && !stats.isFile()) {
    throw new MediaJobError('OUTPUT_UNWRITABLE', {
      message: `Expected ${JSON.stringify(target)} to be a regular file or nothing, got ${stats.isDirectory() ? 'a folder' : 'a pipe, socket or device'}.`,
      advice: 'Give the path of a file.',
      facts: { path: target },
    });
  }
  if (!overwrite && (await found(target, lstat)) !== undefined) throw outputExists(target);
}

async function found(path: string, look: typeof stat | typeof lstat): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw writeError(path, error);
  }
}

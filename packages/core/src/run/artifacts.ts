import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { artifactSchema, type Artifact } from '../job/job.ts';
import type { ArtifactFolder } from '../ports/operation.ts';
import type { LazyFolder } from './lazy-folder.ts';

/** The folder of one claim, and what was put there. */
export interface Artifacts extends ArtifactFolder {
  /** What was recorded, after a last look at each file. Throws `OUTPUT_INVALID` when one has changed or is gone. */
  verified(): Promise<readonly Artifact[]>;
}

/** `signal` ends the hashing of a file that is added. */
export function createArtifacts(folder: LazyFolder, signal: AbortSignal): Artifacts {
  const recorded = new Map<string, Artifact>();
  return Object.freeze({
    get folder(): string {
      return folder.path;
    },
    async add(name: string, mediaType?: string): Promise<void> {
      const artifact = artifactSchema.safeParse({ name, bytes: 0, sha256: '0'.repeat(64), ...(mediaType === undefined ? {} : { mediaType }) });
      if (!artifact.success) throw invalid(name, 'a relative name inside the folder', name);
      const { bytes, sha256 } = await digest(join(folder.path, name), name, signal);
      recorded.set(name, { ...artifact.data, bytes, sha256 });
    },
    async verified(): Promise<readonly Artifact[]> {
      for (const { name, bytes } of recorded.values()) {
        const size = await sizeOf(join(folder.path, name));
        if (size !== bytes) throw invalid(name, `a file of ${bytes} bytes, as when it was added`, size === undefined ? 'none' : `${size} bytes`);
      }
      return [...recorded.values()];
    },
  });
}

async function digest(path: string, name: string, signal: AbortSignal): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const size = await sizeOf(path);
  if (size === undefined || size === 0) {
    throw new MediaJobError('EMPTY_OUTPUT', {
      message: `Expected the artifact ${JSON.stringify(name)} to be a file with content, got ${size === undefined ? 'none' : '0 bytes'}.`,
      advice: 'Write the file into `attempt.artifacts.folder` before it is added.',
      facts: { name },
    });
  }
  return hashFile(path, { signal });
}

/** Undefined when it is missing or no regular file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function invalid(name: string, expected: string, got: string): MediaJobError {
  return new MediaJobError('OUTPUT_INVALID', {
    message: `Expected the artifact ${JSON.stringify(name)} to be ${expected}, got ${got}.`,
    advice: 'Correct the operation: add a file once it is finished, and leave it alone afterwards.',
    facts: { name },
  });
}

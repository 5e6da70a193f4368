import { MediaJobError } from '@media-jobs/foundation';

/** What a collection removed, and what it could not. */
export interface Collected {
  folders: number;
  files: number;
  bytes: number;
  readonly errors: { readonly path: string; readonly reason: string }[];
}

export function nothingCollected(): Collected {
  return { folders: 0, files: 0, bytes: 0, errors: [] };
}

/** Removes one folder and counts it; one that resists is told and left to the next pass. */
export async function collect(collected: Collected, path: string, remove: () => Promise<{ readonly files: number; readonly bytes: number }>): Promise<void> {
  try {
    const { files, bytes } = await remove();
    collected.folders += 1;
    collected.files += files;
    collected.bytes += bytes;
  } catch (error) {
    collected.errors.push({ path, reason: MediaJobError.from(error).message });
  }
}

/** Several collections as one. */
export function together(...all: readonly (Collected | null)[]): Collected {
  const found = all.filter((each) => each !== null);
  const sum = (of: (each: Collected) => number): number => found.reduce((total, each) => total + of(each), 0);
  return { folders: sum(({ folders }) => folders), files: sum(({ files }) => files), bytes: sum(({ bytes }) => bytes), errors: found.flatMap(({ errors }) => errors) };
}

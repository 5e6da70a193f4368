import { unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { DigestCache } from './digest-cache.ts';
import type { KnownModel } from './known-models.ts';
import { namesIn, sizeOf } from './list-models.ts';
import type { ResolvedModelsOptions } from './models-options.ts';
import { lockPath, modelPath, partPath, partStatePath } from './models-places.ts';

/** What was removed. */
export interface RemovedModels {
  /** Whole models. */
  readonly models: number;
  /** With unfinished downloads and checksums. */
  readonly files: number;
  readonly bytes: number;
  /** What could not be removed, such as a model that another process is downloading. */
  readonly errors: readonly { readonly path: string; readonly reason: string }[];
}

/** A lock is held for as long as a download takes; a removal does not wait for that. */
const lockWaitMs = 2_000;

type Place = Pick<ResolvedModelsOptions, 'folder' | 'clock' | 'logger'>;

/**
 * Removes one model. An engine that has loaded it works on: what it needs is in its memory, and on POSIX a file that is
 * open stays until it is closed. Throws `LOCK_TIMEOUT` while another process downloads it.
 */
export async function removeModel(place: Place, digests: DigestCache, model: Pick<KnownModel, 'file'>): Promise<RemovedModels> {
  const { folder, clock, logger } = place;
  const path = modelPath(folder, model);
  const all = [path, partPath(folder, model), partStatePath(folder, model), digests.path(path)];
  const sizes = await Promise.all(all.map(sizeOf));
  // Nothing is there: a lock would only make the folder.
  if (sizes.every((size) => size === null)) return { models: 0, files: 0, bytes: 0, errors: [] };
  return await withLock(lockPath(folder, model), { waitMs: lockWaitMs, clock, logger }, async () => {
    const removed = await Promise.all(all.map(removeFile));
    const gone = removed.filter((size) => size !== null);
    return { models: removed[0] === null ? 0 : 1, files: gone.length, bytes: gone.reduce((sum, size) => sum + size, 0), errors: [] };
  });
}

/** Removes every model of the folder, known or not by name; other files and the folder itself stay. */
export async function removeAllModels(place: ResolvedModelsOptions, digests: DigestCache): Promise<RemovedModels> {
  const total = { models: 0, files: 0, bytes: 0, errors: [] as { path: string; reason: string }[] };
  for (const file of await modelFiles(place)) {
    try {
      const { models, files, bytes } = await removeModel(place, digests, { file });
      total.models += models;
      total.files += files;
      total.bytes += bytes;
    } catch (error) {
      total.errors.push({ path: join(place.folder, file), reason: MediaJobError.from(error).message });
    }
  }
  for (const path of await foreignDigests(place.folder)) {
    total.bytes += (await removeFile(path)) ?? 0;
    total.files += 1;
  }
  return total;
}

/** Remembered checksums of files that lie elsewhere. */
export async function foreignDigests(folder: string): Promise<readonly string[]> {
  return (await namesIn(folder)).filter((name) => /^\.[0-9a-f]{32}\.digest$/.test(name)).map((name) => join(folder, name));
}

/** Files of models, whole or begun, as `ggml-….bin`. */
export async function modelFiles({ folder, byName }: ResolvedModelsOptions): Promise<readonly string[]> {
  const known = new Set([...byName.values()].map(({ file }) => file));
  const found = (await namesIn(folder)).map((name) => /^\.(.+)\.part(?:\.json)?$/.exec(name)?.[1] ?? name);
  return [...new Set(found)].filter((name) => known.has(name) || /^ggml-.+\.bin$/.test(name));
}

/** Its size, or null when it was gone. */
export async function removeFile(path: string): Promise<number | null> {
  const size = await sizeOf(path);
  if (size === null) return null;
  await unlink(path).catch((error: unknown) => {
    throw new MediaJobError('CLEANUP_FAILED', { message: `Expected to remove ${JSON.stringify(basename(path))}, got ${String((error as NodeJS.ErrnoException).code)}.`, advice: 'Give this user the right to write to the folder of the models.', facts: { path }, cause: error });
  });
  return size;
}

import type { RemovedFiles } from '../ports/file-store.ts';
import { MediaJobError } from '@media-jobs/foundation';
import { foldersNamedBy, type Collected } from './orphan-folders.ts';
import type { RunContext } from './run-context.ts';

/**
 * A submit stores its files before a record names them, and no ledger tells other machines of it. So long a folder is left alone; longer
 * than any transfer of one file should take.
 */
export const storedGraceMs = 6 * 60 * 60 * 1_000;

/** Removes what the file store holds of this epoch and no record names: what killed processes left. Folders are listed before their records are read (guard 2). */
export async function collectStoredOrphans(context: RunContext): Promise<Collected> {
  const { files, store, clock, closed } = context;
  const collected: Collected = { folders: 0, files: 0, bytes: 0, errors: [] };
  if (files === null) return collected;
  const before = clock.now() - storedGraceMs;
  for await (const { folder, modifiedAt } of files.folders(await store.epoch(), { signal: closed })) {
    if (modifiedAt > before) continue;
    if (!foldersNamedBy(await store.get(folder.split('/')[2] ?? '')).has(folder)) await collect(collected, folder, () => files.remove(folder, { signal: closed }));
  }
  return collected;
}

/** Removes what the file store holds of epochs before this one (guard 10). With a store that forgets everything, of those that it drew itself. */
export async function collectStoredEpochs({ files, store, firstEpoch }: RunContext, signal: AbortSignal): Promise<Collected> {
  const collected: Collected = { folders: 0, files: 0, bytes: 0, errors: [] };
  if (files === null) return collected;
  const epoch = await store.epoch();
  for (const name of await files.epochs({ signal })) {
    if (name < epoch && (store.capabilities.durable || name >= firstEpoch)) await collect(collected, `jobs/${name}`, () => files.remove(`jobs/${name}`, { signal }));
  }
  return collected;
}

async function collect(collected: Collected, place: string, remove: () => Promise<RemovedFiles>): Promise<void> {
  try {
    const { files, bytes } = await remove();
    collected.folders += 1;
    collected.files += files;
    collected.bytes += bytes;
  } catch (error) {
    collected.errors.push({ path: place, reason: MediaJobError.from(error).message });
  }
}

/** Several collections as one. */
export function together(...all: readonly (Collected | null)[]): Collected {
  const found = all.filter((each) => each !== null);
  const sum = (of: (each: Collected) => number): number => found.reduce((total, each) => total + of(each), 0);
  return { folders: sum(({ folders }) => folders), files: sum(({ files }) => files), bytes: sum(({ bytes }) => bytes), errors: found.flatMap(({ errors }) => errors) };
}

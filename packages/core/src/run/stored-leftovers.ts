import { collect, nothingCollected, type Collected } from './collected.ts';
import { foldersNamedBy } from './orphan-folders.ts';
import type { RunContext } from './run-context.ts';

/**
 * A submit stores its files before a record names them, and no ledger tells other machines of it. So long a folder is left alone; longer
 * than any transfer of one file should take.
 */
export const storedGraceMs = 6 * 60 * 60 * 1_000;

/** Removes what the file store holds of this epoch and no record names: what killed processes left. Folders are listed before their records are read (guard 2). */
export async function collectStoredOrphans(context: RunContext): Promise<Collected> {
  const { files, store, clock, closed } = context;
  const collected = nothingCollected();
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
  const collected = nothingCollected();
  if (files === null) return collected;
  const epoch = await store.epoch();
  for (const name of await files.epochs({ signal })) {
    if (name < epoch && (store.capabilities.durable || name >= firstEpoch)) await collect(collected, `jobs/${name}`, () => files.remove(`jobs/${name}`, { signal }));
  }
  return collected;
}

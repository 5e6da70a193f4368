import type { JobRecord } from '../job/job.ts';
import { collect, nothingCollected, type Collected } from './collected.ts';
import { folderName, type RunContext } from './run-context.ts';
import { settleFolder } from './stage-inputs.ts';

/**
 * Removes folders of this epoch that no record names and nobody is staging. The order is guard 2: the folders, then
 * the ledgers of staged ones, then the records. The other way round, a submit that ends in between loses its input.
 */
export async function collectOrphans(context: RunContext): Promise<Collected> {
  const { store, workFolder, closed } = context;
  const collected = nothingCollected();
  const folders = await workFolder.listJobFolders();
  const staged = await workFolder.stagedFolders();
  const epoch = await store.epoch();
  for (const [id, paths] of byJob(folders, epoch)) {
    if (closed.aborted) break;
    const suspects = paths.filter((path) => !staged.has(path));
    if (suspects.length === 0) continue;
    const named = foldersNamedBy(await store.get(id));
    for (const path of suspects) {
      if (!named.has(path)) await collect(collected, path, () => workFolder.removeJobFolder(path));
    }
  }
  return collected;
}

/** Asks again about staged folders whose fate was unknown. */
export async function settleUnsettled(context: RunContext): Promise<void> {
  const entries = [...context.unsettled];
  context.unsettled.clear();
  for (const entry of entries) {
    await settleFolder(context, entry.id, entry.staged);
  }
}

function byJob(folders: readonly string[], epoch: string): Map<string, string[]> {
  const jobs = new Map<string, string[]>();
  for (const path of folders) {
    const [, ofEpoch, id] = path.split('/');
    if (ofEpoch === epoch && id !== undefined) jobs.set(id, [...(jobs.get(id) ?? []), path]);
  }
  return jobs;
}

/** The folders of a job that are in use; none where there is no record. */
export function foldersNamedBy(record: JobRecord | null): ReadonlySet<string> {
  if (record === null) return new Set();
  const { epoch, id, claim, inputFolder, outputFolder } = record;
  const names = [inputFolder, outputFolder, claim === null ? null : folderName(epoch, id, claim.token)];
  return new Set(names.filter((name) => name !== null));
}

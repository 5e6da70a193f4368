import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyFolder } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { directlyIn } from './directly-in.ts';
import { nothingCollected, type Collected } from './collected.ts';
import type { RunContext } from './run-context.ts';

/**
 * Removes the folders of epochs before this one (guard 10): what they hold is dead to everybody who uses the store.
 * A store that forgets everything with its process cannot know whether an older epoch is one of another store's, so it
 * removes those that it drew itself, and others only when they are long abandoned and nobody else is there.
 */
export async function collectOlderEpochs(context: RunContext): Promise<Collected> {
  const { store, workFolder, closed } = context;
  const epoch = await store.epoch();
  const doomed: string[] = [];
  for (const name of (await readdir(workFolder.jobsFolder)).filter((found) => found < epoch)) {
    if (store.capabilities.durable || name >= context.firstEpoch || (await isAbandoned(context, name))) doomed.push(name);
  }
  return clearEpochs(context, doomed, closed);
}

/** With a store that forgets everything when it is disposed, the files of its jobs have no record from then on: they go as well. */
export async function forgetFiles(context: RunContext): Promise<void> {
  const { store, workFolder, firstEpoch, files } = context;
  if (store.capabilities.durable) return;
  const epoch = await store.epoch();
  const mine = (await readdir(workFolder.jobsFolder)).filter((name) => name >= firstEpoch && name <= epoch);
  // It is closing already: that cuts nothing off here.
  const { errors } = await clearEpochs(context, mine, new AbortController().signal);
  for (const name of files === null ? [] : (await files.epochs()).filter((each) => each >= firstEpoch && each <= epoch)) await files?.remove(`jobs/${name}`);
  const [first] = errors;
  if (first !== undefined) throw new MediaJobError('CLEANUP_FAILED', { message: `Expected to remove ${JSON.stringify(first.path)}, got ${first.reason}.`, advice: 'Remove it by hand.', facts: { ...first, failures: errors.length } });
}

/** Removes these entries of the folder of jobs in the way of a reset: many files at a time, each failure by its path. */
async function clearEpochs({ workFolder, clock }: RunContext, names: readonly string[], signal: AbortSignal): Promise<Collected> {
  const collected = nothingCollected();
  if (names.length === 0) return collected;
  const folder = workFolder.jobsFolder;
  const add = ({ filesDeleted = 0, bytesFreed = 0 }): void => {
    collected.files += filesDeleted;
    collected.bytes += bytesFreed;
  };
  const fail = (path: string, reason: unknown): void => void collected.errors.push({ path, reason: typeof reason === 'string' ? reason : MediaJobError.from(reason).message });
  const doomed = new Set(names);
  await emptyFolder(folder, { signal, add, fail }, { clock, keep: directlyIn(folder, (name) => !doomed.has(name)) });
  const left = new Set(await readdir(folder));
  collected.folders = names.filter((name) => !left.has(name)).length;
  return collected;
}

/** No job was added or removed for so long. */
const abandonedAfterMs = 7 * 24 * 60 * 60 * 1000;

async function isAbandoned({ workFolder, clock }: RunContext, name: string): Promise<boolean> {
  const stats = await stat(join(workFolder.jobsFolder, name)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  return stats !== undefined && stats.mtimeMs < clock.now() - abandonedAfterMs && (await workFolder.countOpen()) === 1;
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { addRemains, countFiles, emptyFolder, type ResetControls, type Resettable } from '@media-jobs/cleanup';
import { directlyIn } from '../directly-in.ts';
import { findMarkedWork } from '../epoch-marks.ts';
import { collectOrphans } from '../orphan-folders.ts';
import type { RunContext } from '../run-context.ts';

/**
 * The work folder. Deep: all files of older epochs (guard 10), all that dead processes left, and all that no living one has
 * in its ledger. The folders themselves stay. Basic leaves it to the cleanup pass of the jobs.
 */
export function createFilesTarget(context: RunContext): Resettable {
  return {
    name: 'files',
    kind: 'files',
    async collect(controls) {
      if (controls.request.level !== 'deep') return;
      for (const collect of [sweepDead, collectJobs, collectTemp]) {
        if (controls.signal.aborted) return;
        await collect(context, controls).catch((error: unknown) => controls.fail(context.workFolder.path, error));
      }
    },
    async count({ request, signal }) {
      if (request.level !== 'deep') return { count: 0, listed: [] };
      const places = await placesOf(context);
      return addRemains(...(await Promise.all(places.map(({ folder, keep }) => countFiles(folder, signal, keep)))));
    },
  };
}

/** First the programs of dead processes, which might still write, then their files. */
async function sweepDead({ workFolder }: RunContext, { add, fail, signal }: ResetControls): Promise<void> {
  const { files, bytes, processes, errors } = await workFolder.sweep({ signal });
  add({ filesDeleted: files, bytesFreed: bytes, processesEnded: processes });
  for (const { path, reason } of errors) fail(path, reason);
}

async function collectJobs(context: RunContext, controls: ResetControls): Promise<void> {
  const { folder, keep } = await jobsPlace(context);
  await emptyFolder(folder, controls, { clock: context.clock, keep });
  const { files, bytes, errors } = await collectOrphans(context);
  controls.add({ filesDeleted: files, bytesFreed: bytes });
  for (const { path, reason } of errors) controls.fail(path, reason);
}

async function collectTemp(context: RunContext, controls: ResetControls): Promise<void> {
  for (const { folder, keep } of [...(await attemptPlaces(context)), ...(await tempPlaces(context))]) await emptyFolder(folder, controls, { clock: context.clock, keep });
}

/** A folder, and what in it belongs to the living and the present. */
interface Place {
  readonly folder: string;
  readonly keep: (path: string) => boolean;
}

async function placesOf(context: RunContext): Promise<readonly Place[]> {
  return [await jobsPlace(context), ...(await attemptPlaces(context)), ...(await tempPlaces(context))];
}

function place(folder: string, isKept: (name: string) => boolean): Place {
  return { folder, keep: directlyIn(folder, isKept) };
}

/**
 * What is no folder, or not as long as an epoch is, is nobody's. With a store that forgets everything, epochs of before it may be
 * those of a neighbour who has the folder open.
 */
async function jobsPlace({ store, workFolder, firstEpoch }: RunContext): Promise<Place> {
  const epoch = await store.epoch();
  const shared = !store.capabilities.durable && (await workFolder.countOpen()) > 1;
  const strays = new Set((await readdir(workFolder.jobsFolder, { withFileTypes: true })).filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  return place(workFolder.jobsFolder, (name) => name.length === epoch.length && !strays.has(name) && (name >= epoch || (shared && name < firstEpoch)));
}

/** Temp files of attempts of older epochs, also of workers that are frozen. */
async function attemptPlaces({ store, workFolder }: RunContext): Promise<readonly Place[]> {
  const epoch = await store.epoch();
  const works = await findMarkedWork(workFolder);
  return works.map(({ attemptsFolder }) => place(attemptsFolder, (name) => name >= epoch));
}

/** The folders are read before the ledgers: what is in a folder was in a ledger before. */
async function tempPlaces({ workFolder }: RunContext): Promise<readonly Place[]> {
  const folders = [...new Set([workFolder.tempFolder, join(workFolder.path, 'temp')])];
  const seen = await Promise.all(folders.map((folder) => readdir(folder)));
  const named = new Set((await workFolder.liveEntries()).map(({ path }) => path));
  return folders.map((folder, index) => {
    const nobodys = new Set(seen[index]?.filter((name) => !named.has(join(folder, name))));
    return place(folder, (name) => !nobodys.has(name));
  });
}

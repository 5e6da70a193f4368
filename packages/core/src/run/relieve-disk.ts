import type { DiskRelief, GuardState, Removed } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord, JobState } from '../job/job.ts';
import { removeTaken } from './end-job.ts';
import type { RunContext } from './run-context.ts';

/** What was removed before its time. */
export interface Relieved {
  jobs: number;
  files: number;
  bytes: number;
}

/** A job that ended so shortly ago is in use: whoever asked for it fetches its result now, or the next step takes it over. */
const inUseMs = 60_000;

/** Between two looks at the disk. */
const batch = 20;

const ended: readonly JobState[] = ['completed', 'failed', 'cancelled'];

/** Makes room on a disk that runs full: first a pass, which removes what has expired; if that is not enough, what nobody uses. */
export async function relieveDisk(context: RunContext, pass: () => Promise<unknown>): Promise<Relieved | null> {
  if (reliefFor(await context.guards.check()) === 'none') return null;
  await pass();
  return reliefFor(await context.guards.check()) === 'unused' ? removeUnused(context) : null;
}

/** What the fullest disk calls for. */
function reliefFor({ disks }: GuardState): DiskRelief {
  const all = disks.map(({ relief }) => relief);
  return all.includes('unused') ? 'unused' : all.includes('expired') ? 'expired' : 'none';
}

/**
 * Removes ended jobs before their time, the oldest first, until the disk has room again or none is left: what waits,
 * runs, or has just ended is in use and stays. Their callers find no job, and may submit it again. Where a file store has
 * all files as well, only the copies of this machine go, and are fetched again when somebody asks for them.
 */
async function removeUnused(context: RunContext): Promise<Relieved> {
  const { closed, guards, logger } = context;
  const sum: Relieved = { jobs: 0, files: 0, bytes: 0 };
  for (const [index, record] of (await oldestFirst(context)).entries()) {
    if (closed.aborted || (index % batch === 0 && reliefFor(await guards.check()) === 'none')) break;
    try {
      const removed = context.files === null ? await removeBeforeTime(context, record) : await removeCopies(context, record);
      if (removed === null) continue;
      sum.jobs += 1;
      sum.files += removed.files;
      sum.bytes += removed.bytes;
    } catch (error) {
      logger.warn({ err: MediaJobError.from(error), jobId: record.id }, 'A job could not be removed before its time');
    }
  }
  if (sum.jobs > 0) logger.warn({ ...sum }, 'The disk was nearly full: jobs that nobody uses were removed before their time');
  return sum;
}

async function removeBeforeTime(context: RunContext, { id }: HeldFiles): Promise<Removed | null> {
  const taken = await context.store.takeNow(id);
  return taken === null ? null : removeTaken(context, taken);
}

/** Null when this machine has none. */
async function removeCopies({ workFolder }: RunContext, { folders }: HeldFiles): Promise<Removed | null> {
  const sum = { files: 0, bytes: 0 };
  for (const folder of folders) {
    const { files, bytes } = await workFolder.removeJobFolder(folder);
    sum.files += files;
    sum.bytes += bytes;
  }
  return sum.files === 0 ? null : sum;
}

/** A job, and the folders that its record names. */
interface HeldFiles {
  readonly id: string;
  readonly folders: readonly string[];
}

/** The store lists the newest first. */
async function oldestFirst({ store, clock, closed }: RunContext): Promise<HeldFiles[]> {
  const before = clock.now() - inUseMs;
  const held: HeldFiles[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ states: ended }, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const record of page.jobs) {
      const folders = foldersOf(record);
      if (folders.length > 0 && (record.endedAt ?? Infinity) <= before) held.push({ id: record.id, folders });
    }
    cursor = page.cursor;
  } while (cursor !== undefined && !closed.aborted);
  return held.toReversed();
}

function foldersOf({ inputFolder, outputFolder }: JobRecord): readonly string[] {
  return [inputFolder, outputFolder].filter((folder) => folder !== null);
}

import type { SweepReport } from '@media-jobs/cleanup';
import { MediaJobError, type Timer } from '@media-jobs/foundation';
import { removeTaken } from './end-job.ts';
import { together, type Collected } from './collected.ts';
import { collectOlderEpochs } from './older-epochs.ts';
import { collectOrphans, settleUnsettled } from './orphan-folders.ts';
import { relieveDisk } from './relieve-disk.ts';
import { createOwnerJudge } from './owner-judge.ts';
import { createTimedRepair, repairAll, type Repaired } from './repair.ts';
import type { RunContext } from './run-context.ts';
import { collectStoredEpochs, collectStoredOrphans } from './stored-leftovers.ts';

/** What one pass did. */
export interface CleanupReport extends Repaired {
  /** Jobs whose time to live was over. */
  readonly expired: { readonly jobs: number; readonly files: number; readonly bytes: number };
  /** Folders that no record names; null when this pass did not look for them. */
  readonly orphans: Omit<Collected, 'errors'> | null;
  /** Folders and records of epochs before this one. */
  readonly olderEpochs: Omit<Collected, 'errors'> & { readonly records: number };
  /** What dead processes had left in the work folder. */
  readonly leftByDeadOwners: Omit<SweepReport, 'errors'> | null;
  /** What could not be done, one by one. None of it kept the rest from being done. */
  readonly errors: readonly { readonly path: string; readonly reason: string }[];
}

/** The loop that removes what has expired and brings back what got stuck. */
export interface CleanupLoop {
  /** Makes a first pass in the background and starts both timers, which do not keep the process alive. */
  start(): void;
  /** Where nothing is run, but the work folder is this machine's own: looks through it in the background, now and each interval. */
  startOwnFolder(): void;
  /** Looks through this machine's own work folder soon: its jobs may be gone, by an act of another machine. */
  lookThroughOwnFolder(): void;
  /** One whole pass, begun after the call. Never rejects: what fails stands in the report. */
  runOnce(): Promise<CleanupReport>;
  /** Ends the timers, and resolves when no pass is under way. */
  stop(): Promise<void>;
}

export interface CleanupLoopOptions {
  /** Between two passes. */
  readonly intervalMs: number;
  /** Between two looks for what got stuck, and at the disk. */
  readonly repairMs: number;
}

/** Orphans come from crashes; without a sign of one they are looked for in each so many passes, for it costs a look at all folders. */
const orphanScanEvery = 24;

const batch = 50;

/** Creates the loop. Its first pass looks for orphans, because a process that starts may follow one that crashed. */
export function createCleanupLoop(context: RunContext, { intervalMs, repairMs }: CleanupLoopOptions): CleanupLoop {
  const { every, stop } = createRounds(context);
  let passes = 0;
  let crashSeen = false;
  const chain = createChain();
  const repairNews = createTimedRepair(context);
  const repairQuietly = async (): Promise<void> => {
    const { lapsed } = await tried(context, [], 'repair', repairNews) ?? { lapsed: 0 };
    crashSeen ||= lapsed > 0;
  };
  const pass = (byHand: boolean): Promise<CleanupReport> => {
    const orphans = byHand || crashSeen || passes % orphanScanEvery === 0;
    passes += 1;
    crashSeen = false;
    return runPass(context, orphans, byHand ? () => repairAll(context) : repairNews);
  };
  const lookThrough = (): Promise<void> => chain(() => collectOwnFolder(context));
  const look = async (): Promise<void> => {
    await repairQuietly();
    // A disk that runs full does not wait for the next pass.
    await tried(context, [], 'guards', () => relieveDisk(context, () => pass(false)));
  };
  return {
    start() {
      void chain(() => pass(false));
      every('repair', repairMs, () => chain(look));
      every('pass', intervalMs, () => chain(() => pass(false)));
    },
    startOwnFolder() {
      void lookThrough();
      every('own folder', intervalMs, lookThrough);
    },
    lookThroughOwnFolder: () => void lookThrough(),
    runOnce: () => chain(() => pass(true)),
    async stop() {
      stop();
      await chain(() => Promise.resolve());
    },
  };
}

/** What is done again and again, until it is stopped. */
function createRounds({ clock, random }: RunContext): { readonly every: (name: string, ms: number, act: () => Promise<unknown>) => void; readonly stop: () => void } {
  const timers = new Map<string, Timer>();
  const every = (name: string, ms: number, act: () => Promise<unknown>): void => {
    // A tenth more or less, so that processes that were started together do not all sweep together.
    const jittered = ms * (0.9 + 0.2 * random());
    timers.set(name, clock.after(jittered, () => void act().then(() => timers.has(name) && every(name, ms, act))));
  };
  const stop = (): void => {
    for (const timer of timers.values()) timer.cancel();
    timers.clear();
  };
  return { every, stop };
}

/** One after the other; none of them may reject. */
function createChain(): <Result>(act: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act);
    last = next;
    return next;
  };
}

async function runPass(context: RunContext, lookForOrphans: boolean, repairStuck: () => Promise<Repaired>): Promise<CleanupReport> {
  const { clock, logger, store, workFolder } = context;
  const startedAt = clock.monotonic();
  const errors: { path: string; reason: string }[] = [];
  const attempt = <Result>(what: string, act: () => Promise<Result>): Promise<Result | null> => tried(context, errors, what, act);
  const repaired = (await attempt('repair', repairStuck)) ?? { lapsed: 0, woken: 0, dispatched: 0 };
  const expired = (await attempt('expired', () => removeExpired(context, errors))) ?? { jobs: 0, files: 0, bytes: 0 };
  await attempt('queue', async () => context.queue?.forget(context.ttlMs));
  await attempt('unsettled', () => settleUnsettled(context));
  const thorough = lookForOrphans || repaired.lapsed > 0;
  // Where machines have folders of their own, each finds by this what others have removed.
  const orphans = thorough || context.files !== null ? await attempt('orphans', () => collectOrphans(context)) : null;
  const stored = thorough ? await attempt('storedOrphans', () => collectStoredOrphans(context)) : null;
  const folders = await attempt('olderEpochs', () => collectOlderEpochs(context));
  const storedEpochs = await attempt('storedEpochs', () => collectStoredEpochs(context, context.closed));
  const records = (await attempt('olderRecords', () => collectRecords(context))) ?? 0;
  const swept = await attempt('workFolder', () => workFolder.sweep({ signal: context.closed, judgeSilent: createOwnerJudge(store) }));
  errors.push(...(orphans?.errors ?? []), ...(stored?.errors ?? []), ...(folders?.errors ?? []), ...(storedEpochs?.errors ?? []), ...(swept?.errors ?? []));
  const report: CleanupReport = Object.freeze({
    ...repaired, expired, orphans: orphans === null ? null : counts(together(orphans, stored)), olderEpochs: { ...counts(together(folders, storedEpochs)), records }, leftByDeadOwners: swept === null ? null : ownerCounts(swept), errors,
  });
  const { jobs, files, bytes } = expired;
  logger[errors.length > 0 ? 'warn' : 'info']({ jobs, files, bytes, report, wallMs: Math.round(clock.monotonic() - startedAt), store: store.capabilities }, 'A cleanup pass is done');
  return report;
}

/** What a pass does about files, for one work folder: what no record names, and what is of older epochs. */
async function collectOwnFolder(context: RunContext): Promise<void> {
  await tried(context, [], 'orphans', () => collectOrphans(context));
  await tried(context, [], 'olderEpochs', () => collectOlderEpochs(context));
}

/** One step that fails does not keep the next from being done; a pass that is cut off by closing is no failure. */
async function tried<Result>({ closed, logger }: RunContext, errors: { path: string; reason: string }[], what: string, act: () => Promise<Result>): Promise<Result | null> {
  if (closed.aborted) return null;
  try {
    return await act();
  } catch (error) {
    if (closed.aborted) return null;
    const mistake = MediaJobError.from(error);
    errors.push({ path: what, reason: mistake.message });
    logger.warn({ err: mistake, step: what }, 'A step of the cleanup failed; the next pass tries again');
    return null;
  }
}

/** Files first, record last: a crash in between leaves a record that is taken again. */
async function removeExpired(context: RunContext, errors: { path: string; reason: string }[]): Promise<{ jobs: number; files: number; bytes: number }> {
  const sum = { jobs: 0, files: 0, bytes: 0 };
  let taken;
  do {
    taken = await context.store.takeExpired(batch);
    for (const job of taken) {
      try {
        const { files, bytes } = await removeTaken(context, job);
        sum.jobs += 1;
        sum.files += files;
        sum.bytes += bytes;
      } catch (error) {
        const { code, message } = MediaJobError.from(error);
        errors.push({ path: job.id, reason: message });
        // What is away for one is away for all: they are taken again in a later pass.
        if (code === 'FILES_UNAVAILABLE') return sum;
      }
    }
  } while (taken.length === batch && !context.closed.aborted);
  return sum;
}

async function collectRecords({ store, closed }: RunContext): Promise<number> {
  let sum = 0;
  for (;;) {
    const { removed, left } = await store.collect(1_000);
    sum += removed;
    if (left === 0 || removed === 0 || closed.aborted) return sum;
  }
}

function counts(collected: Collected | null): Omit<Collected, 'errors'> {
  const { folders, files, bytes } = collected ?? { folders: 0, files: 0, bytes: 0 };
  return { folders, files, bytes };
}

function ownerCounts({ owners, files, bytes, processes, unjudged }: SweepReport): Omit<SweepReport, 'errors'> {
  return { owners, files, bytes, processes, unjudged };
}

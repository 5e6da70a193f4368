import { silentLogger, systemClock, type Clock, type Logger, type MediaJobError, type Timer } from '@media-jobs/foundation';
import { isOwnerAlive, ownerId } from '@media-jobs/process';
import { cleanupError } from './file-errors.ts';
import { createJobFolders, type JobFolders } from './job-folders.ts';
import { listLedgers, openLedger, type Ledger, type OpenLedger } from './ledger.ts';
import { checkPath } from './options.ts';
import { prepareWorkFolder } from './prepare-work-folder.ts';
import { removePath } from './remove-path.ts';
import { createSilenceWatch, ledgerBeatMs } from './silent-owners.ts';
import { listLiveEntries, listStagedFolders, sweepWorkFolder, type OwnedEntry, type SweepOptions, type SweepReport } from './sweep.ts';
import { createTempFiles, type TempFiles } from './temp-files.ts';

/** Options of `openWorkFolder`. */
export interface OpenWorkFolderOptions {
  /** Made with mode 0700 when it is missing. Nothing else may be kept below its `jobs`, `temp`, `ledger` and `locks`. */
  readonly folder: string;
  /** Another place for temp files, such as a faster disk; they then lie in a folder of this work folder's own inside it. Default: `temp` in the work folder. */
  readonly tempFolder?: string;
  /** Told of what could not be removed on disposal. Default: a warning to `logger`. */
  readonly onCleanupError?: (error: MediaJobError) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A folder in which nothing stays behind. Disposal removes what is left of this one's temp files, and its ledger. */
export interface WorkFolder extends JobFolders, AsyncDisposable {
  /** Absolute, with all links resolved. */
  readonly path: string;
  readonly jobsFolder: string;
  readonly tempFolder: string;
  readonly locksFolder: string;
  /** This process, as `ownerId()` of `@media-jobs/process` names it. */
  readonly owner: string;
  readonly temp: TempFiles;
  readonly ledger: Ledger;
  /** What the sweep of the opening removed. */
  readonly openingSweep: SweepReport;
  /** Removes what dead processes left. Never touches what belongs to a process that lives or cannot be judged. */
  sweep(options?: SweepOptions): Promise<SweepReport>;
  /** Folders that no process has handed over yet, by relative path, of all owners that are not provably dead. */
  stagedFolders(): Promise<ReadonlySet<string>>;
  /** What the ledgers of all owners hold that are not provably dead. */
  liveEntries(): Promise<readonly OwnedEntry[]>;
  /** How many have it open now, this one included; those that cannot be judged count as well. */
  countOpen(): Promise<number>;
  /** Owners who are provably dead and whose ledgers lie here, or were removed by a sweep of this one's own. */
  deadOwners(): Promise<ReadonlySet<string>>;
}

/**
 * Opens a work folder: makes what is missing, checks what is there, and sweeps once. Several processes, and several
 * parts of one process, may have it open at the same time. Throws
 * `WORK_FOLDER_UNSAFE`, `DISK_FULL`, `OUTPUT_UNWRITABLE`, `INVALID_OPTION`.
 */
export async function openWorkFolder(options: OpenWorkFolderOptions): Promise<WorkFolder> {
  const { folder, tempFolder, logger = silentLogger, clock = systemClock } = options;
  checkPath('folder', folder);
  if (tempFolder !== undefined) checkPath('tempFolder', tempFolder);
  const onCleanupError = options.onCleanupError ?? ((error: MediaJobError): void => logger.warn({ err: error, path: error.facts['path'] }, 'Something could not be removed'));
  const places = await prepareWorkFolder(folder, tempFolder);
  const watch = createSilenceWatch(clock);
  const swept = new Set<string>();
  const sweep = (sweepOptions?: SweepOptions): Promise<SweepReport> => sweepWorkFolder(places, { clock, logger, watch, onDead: (owner) => swept.add(owner) }, sweepOptions);
  // The sweep comes first: it may free the room that the ledger needs.
  const openingSweep = await sweep();
  const ledger = await openLedger({ places, owner: ownerId(), logger });
  const beats = beat(ledger, clock, logger);
  return Object.freeze({
    path: places.folder,
    jobsFolder: places.jobsFolder,
    tempFolder: places.tempFolder,
    locksFolder: places.locksFolder,
    owner: ledger.owner,
    temp: createTempFiles({ folder: places.tempFolder, ledger, onCleanupError, logger, clock }),
    ledger,
    ...createJobFolders({ places, ledger, clock, onCleanupError }),
    openingSweep,
    sweep,
    stagedFolders: () => listStagedFolders(places),
    liveEntries: () => listLiveEntries(places),
    countOpen: async () => (await listLedgers(places)).filter(({ owner }) => isOwnerAlive(owner) !== 'dead').length,
    deadOwners: async () => new Set([...swept, ...(await listLedgers(places)).map(({ owner }) => owner).filter((owner) => isOwnerAlive(owner) === 'dead')]),
    [Symbol.asyncDispose]: () => {
      beats.cancel();
      return closeWorkFolder(ledger, places.tempFolder, clock, onCleanupError);
    },
  });
}

/** Signs of life in the ledger, until it is cancelled; a failed one is made up for by the next. */
function beat(ledger: OpenLedger, clock: Clock, logger: Logger): Pick<Timer, 'cancel'> {
  let timer: Timer | undefined;
  let ended = false;
  const next = (): void => {
    timer = clock.after(ledgerBeatMs, () => {
      if (!ended) next();
      ledger.touch(clock.now()).catch((error: unknown) => logger.warn({ err: error }, 'The ledger could give no sign of life'));
    });
  };
  next();
  return {
    cancel() {
      ended = true;
      timer?.cancel();
    },
  };
}

/** Staged folders are not removed: the store may have accepted one whose hand-over was cut off. Who knows the records collects them. */
async function closeWorkFolder(ledger: OpenLedger, tempFolder: string, clock: Clock, onCleanupError: (error: MediaJobError) => void): Promise<void> {
  let keep = false;
  for (const { kind, path } of ledger.live().filter((entry) => entry.kind !== 'staged')) {
    try {
      await removePath(path, kind === 'part' ? { clock, filesOnly: true } : { clock, root: tempFolder });
    } catch (error) {
      keep = true;
      onCleanupError(cleanupError(path, error));
    }
  }
  try {
    await ledger.close({ keep });
  } catch (error) {
    onCleanupError(cleanupError(tempFolder, error));
  }
}

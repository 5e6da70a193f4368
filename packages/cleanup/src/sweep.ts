import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock, Logger } from '@media-jobs/foundation';
import { endProcesses, isOwnerAlive, processesOf, type OwnerState } from '@media-jobs/process';
import { systemCode } from './file-errors.ts';
import { removeEmptyJobFolders } from './job-folders.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { lastTouched, listLedgers, readLedger, removeLedger, type LedgerFile } from './ledger.ts';
import { isTempName } from './names.ts';
import { checkAmount } from './options.ts';
import { removeTree } from './remove-path.ts';
import { createSilenceWatch, type SilenceWatch } from './silent-owners.ts';
import type { WorkFolderPlaces } from './work-folder-places.ts';

/** Options of a sweep. */
export interface SweepOptions {
  /** Asked about owners that cannot be judged from this host, such as those of other containers. What it does not know either is judged by the signs of life in their ledgers. */
  readonly judgeOwner?: (owner: string) => Promise<OwnerState>;
  /** Asked only before an owner counts as dead because its ledger gives no sign of life; `alive` keeps it. For who is dear to ask. */
  readonly judgeSilent?: (owner: string) => Promise<OwnerState>;
  /** Things in the temp folder that no ledger names go when they are older than this. Default 7 days. */
  readonly unnamedAfterMs?: number;
  /** Ends the sweep between two removals; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a sweep did. */
export interface SweepReport {
  /** Dead owners of whom nothing is left. */
  readonly owners: number;
  readonly files: number;
  /** Bytes that became free. */
  readonly bytes: number;
  /** Processes that dead owners had left running, and that were ended. */
  readonly processes: number;
  /** Owners that were left alone because nobody could tell whether they live. */
  readonly unjudged: number;
  /** What could not be removed, and what a ledger named but may not name. */
  readonly errors: readonly { readonly path: string; readonly reason: string }[];
}

/** Older than this, what no ledger names is nobody's: no job runs for so long. */
export const defaultUnnamedAfterMs = 7 * 24 * 60 * 60 * 1000;

/** A process that has not gone this long after the sweep began to end it sits in the kernel; its owner is left to the next sweep. */
const endProcessesMs = 10_000;

/** An empty folder is somebody's next step for at most this long. */
const emptyFolderMs = 60 * 60 * 1000;

interface Sweep {
  readonly places: WorkFolderPlaces;
  readonly clock: Clock;
  readonly options: SweepOptions;
  readonly watch: SilenceWatch;
  readonly report: { owners: number; files: number; bytes: number; processes: number; unjudged: number; errors: { path: string; reason: string }[] };
}

/** What a sweep is made with. */
export interface SweepContext {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Kept from one sweep to the next. Default: one that has seen nothing yet. */
  readonly watch?: SilenceWatch;
  /** Told of each owner of this host that is dead, before anything of it goes. */
  readonly onDead?: (owner: string) => void;
}

/**
 * Removes what dead owners left: first their processes, so that none writes anew, then what their ledgers name, then
 * the ledgers. Owners that live, or that cannot be judged, are not touched. Several processes may sweep at once.
 * Folders of jobs are left to whoever knows the records.
 */
export async function sweepWorkFolder(places: WorkFolderPlaces, { clock, logger, watch = createSilenceWatch(clock), onDead }: SweepContext, options: SweepOptions = {}): Promise<SweepReport> {
  checkAmount('unnamedAfterMs', options.unnamedAfterMs ?? defaultUnnamedAfterMs);
  const sweep: Sweep = { places, clock, options, watch, report: { owners: 0, files: 0, bytes: 0, processes: 0, unjudged: 0, errors: [] } };
  for (const [owner, ledgers] of await ledgersByOwner(places)) {
    const here = isOwnerAlive(owner);
    if (here === 'dead') onDead?.(owner);
    const state = here === 'unknown' ? await judgeForeign(sweep, owner, ledgers) : here;
    if (state === 'unknown') sweep.report.unjudged += 1;
    if (state === 'dead') await sweepOwner(sweep, ledgers, here === 'dead' ? owner : undefined);
  }
  await sweepUnnamed(sweep);
  await removeEmptyJobFolders(places, clock.now() - emptyFolderMs);
  const report = Object.freeze({ ...sweep.report, errors: Object.freeze(sweep.report.errors) });
  if (report.errors.length > 0) logger.warn({ ...report }, 'A sweep left something behind');
  else if (report.owners > 0 || report.files > 0) logger.info({ ...report }, 'A sweep removed what dead processes left');
  return report;
}

/** Whoever knows better is asked first; a live owner is never judged by its silence. */
async function judgeForeign({ options, watch }: Sweep, owner: string, ledgers: readonly LedgerFile[]): Promise<OwnerState> {
  const told = (await options.judgeOwner?.(owner)) ?? 'unknown';
  if (told !== 'unknown' || !watch.isSilent(owner, await lastTouched(ledgers))) return told;
  if ((await options.judgeSilent?.(owner)) !== 'alive') return 'dead';
  watch.saw(owner);
  return 'alive';
}

/** Something on disk, and whose it is. */
export interface OwnedEntry extends LedgerEntry {
  readonly owner: string;
}

/** What the ledgers of all owners hold who live or cannot be judged. */
export async function listLiveEntries(places: WorkFolderPlaces): Promise<readonly OwnedEntry[]> {
  const live: OwnedEntry[] = [];
  for (const { path, owner } of await listLedgers(places)) {
    if (isOwnerAlive(owner) === 'dead') continue;
    for (const entry of (await readLedger(path, places)).entries) live.push({ ...entry, owner });
  }
  return live;
}

/** Folders that live owners have staged, or that owners have staged who cannot be judged; relative to the work folder. */
export async function listStagedFolders(places: WorkFolderPlaces): Promise<ReadonlySet<string>> {
  const staged = (await listLiveEntries(places)).filter(({ kind }) => kind === 'staged');
  return new Set(staged.map(({ path }) => path.slice(places.folder.length + 1).replaceAll('\\', '/')));
}

async function ledgersByOwner(places: WorkFolderPlaces): Promise<Map<string, LedgerFile[]>> {
  const owners = new Map<string, LedgerFile[]>();
  for (const ledger of await listLedgers(places)) owners.set(ledger.owner, [...(owners.get(ledger.owner) ?? []), ledger]);
  return owners;
}

/** `owner` is given when its processes would run on this host. */
async function sweepOwner(sweep: Sweep, ledgers: readonly LedgerFile[], owner: string | undefined): Promise<void> {
  if (owner !== undefined && !(await endChildren(sweep, owner))) return;
  let clean = true;
  for (const { path } of ledgers) {
    const { entries, refused } = await readLedger(path, sweep.places);
    for (const place of refused) sweep.report.errors.push({ path: place, reason: 'a ledger may not name this path' });
    for (const entry of entries) clean = (await removeEntry(sweep, entry)) && clean;
    if (clean) await removeLedger(path);
  }
  if (clean) sweep.report.owners += 1;
}

/** False when some are still there: what they write to is then left for the next sweep. */
async function endChildren({ report, clock }: Sweep, owner: string): Promise<boolean> {
  const children = await processesOf(owner);
  if (children.length === 0) return true;
  const limit = new AbortController();
  const ended = await Promise.race([endProcesses(children, { ownerId: owner, clock }), clock.sleep(endProcessesMs, limit.signal)]);
  limit.abort();
  report.processes += ended?.length ?? 0;
  if (ended === undefined) report.errors.push({ path: owner, reason: `processes of this owner did not end: ${children.join(', ')}` });
  return ended !== undefined;
}

/** A staged folder may belong to an accepted job by now: the ledger alone cannot tell, so it is left to the sweep of records. */
async function removeEntry(sweep: Sweep, { kind, path }: LedgerEntry): Promise<boolean> {
  sweep.options.signal?.throwIfAborted();
  if (kind === 'staged') return true;
  return remove(sweep, path, kind === 'part' ? { filesOnly: true } : {});
}

async function remove({ report, places, clock }: Sweep, path: string, { filesOnly = false } = {}): Promise<boolean> {
  const root = filesOnly ? undefined : places.tempFolder;
  const { files, bytes, errors } = await removeTree(path, { clock, filesOnly, ...(root === undefined ? {} : { root }) });
  report.files += files;
  report.bytes += bytes;
  report.errors.push(...errors);
  return errors.length === 0;
}

/** The ledgers are read after the folder: what is in the folder was in a ledger before. */
async function sweepUnnamed(sweep: Sweep): Promise<void> {
  const { places, clock, options } = sweep;
  const before = clock.now() - (options.unnamedAfterMs ?? defaultUnnamedAfterMs);
  const old = await olderThan([...new Set([places.tempFolder, join(places.folder, 'temp')])], before);
  if (old.length === 0) return;
  const named = new Set<string>();
  for (const { path } of await listLedgers(places)) {
    for (const entry of (await readLedger(path, places)).entries) named.add(basename(entry.path));
  }
  for (const path of old) {
    options.signal?.throwIfAborted();
    if (!named.has(basename(path))) await remove(sweep, path);
  }
}

async function olderThan(folders: readonly string[], before: number): Promise<string[]> {
  const old: string[] = [];
  for (const folder of folders) {
    for (const name of (await readdir(folder)).filter(isTempName)) {
      const stats = await lstat(join(folder, name)).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
      if (stats !== undefined && stats.mtimeMs < before) old.push(join(folder, name));
    }
  }
  return old;
}

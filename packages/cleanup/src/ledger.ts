import { readdir, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import { parseOwner } from '@media-jobs/process';
import { systemCode, writeError } from './file-errors.ts';
import { parseObject, readLines, writeLine, type LedgerContent, type LedgerEntry, type LedgerWriter } from './ledger-entry.ts';
import { createLedgerLog, unfinishedLog } from './ledger-log.ts';
import { randomId } from './names.ts';
import { outerTempName, type WorkFolderPlaces } from './work-folder-places.ts';

/** What a process writes down before it creates it, so that others can remove it when the process dies. */
export interface Ledger extends LedgerWriter {
  /** This process, as `ownerId()` of `@media-jobs/process` names it. */
  readonly owner: string;
  /** What all ledgers of an owner hold; default: of this process. */
  entries(owner?: string): Promise<readonly LedgerEntry[]>;
}

/** A ledger and the means to end it. */
export interface OpenLedger extends Ledger {
  /** What this one ledger holds. */
  readonly live: () => readonly LedgerEntry[];
  /** A sign of life for those who cannot see this process. */
  readonly touch: (now: number) => Promise<void>;
  /** Takes no more entries. The file goes, unless `keep` says that something it names is still there. */
  close(options: { readonly keep: boolean }): Promise<void>;
}

/** What a ledger is made of. */
export interface OpenLedgerOptions {
  readonly places: WorkFolderPlaces;
  readonly owner: string;
  readonly logger: Logger;
}

/** One ledger file. An owner has one for each work folder that it has opened, so that none can disturb another. */
export interface LedgerFile {
  readonly path: string;
  readonly owner: string;
}

const fileNamePattern = /^([0-9a-z-]{1,120})\.[a-z2-7]{26}\.jsonl$/;

/** Creates a ledger for this process. */
export async function openLedger({ places, owner, logger }: OpenLedgerOptions): Promise<OpenLedger> {
  const file = join(places.ledgerFolder, `${owner}.${randomId()}.jsonl`);
  const lines = new Map<string, LedgerEntry>();
  const log = await createLedgerLog({ file, header: headerOf(owner, places), live: () => [...lines.keys()].join(''), logger }).catch((error: unknown) => {
    throw writeError(file, error);
  });
  const append = (line: string): Promise<void> =>
    log.append(line).catch((error: unknown) => {
      throw writeError(file, error);
    });
  let closed = false;
  return Object.freeze({
    owner,
    async record(entry: LedgerEntry): Promise<void> {
      if (closed) throw new MediaJobError('CLOSED', { message: 'Expected an open work folder, got one that is closed.', advice: 'Close it only after all work in it has ended.' });
      const line = writeLine('record', entry, places);
      lines.set(line, entry);
      await append(line).catch((error: unknown) => {
        lines.delete(line);
        throw error;
      });
    },
    async forget(entry: LedgerEntry): Promise<void> {
      if (lines.delete(writeLine('record', entry, places)) && !closed) await append(writeLine('forget', entry, places));
    },
    live: () => [...lines.values()],
    touch: (now: number) => (closed ? Promise.resolve() : utimes(file, now / 1000, now / 1000)),
    async entries(of: string = owner): Promise<readonly LedgerEntry[]> {
      const files = (await listLedgers(places)).filter((ledger) => ledger.owner === of);
      return (await Promise.all(files.map(({ path }) => readLedger(path, places)))).flatMap((content) => content.entries);
    },
    async close({ keep }: { readonly keep: boolean }): Promise<void> {
      if (closed) return;
      closed = true;
      await log.close();
      if (!keep) await removeLedger(file);
    },
  });
}

/** All ledgers of a work folder. Names that are none of ours are passed over. */
export async function listLedgers({ ledgerFolder }: WorkFolderPlaces): Promise<readonly LedgerFile[]> {
  const files: LedgerFile[] = [];
  for (const name of await readdir(ledgerFolder)) {
    const owner = fileNamePattern.exec(name)?.[1];
    if (owner !== undefined && isOwnerId(owner)) files.push({ path: join(ledgerFolder, name), owner });
  }
  return files;
}

function isOwnerId(text: string): boolean {
  try {
    parseOwner(text);
    return true;
  } catch (error) {
    if (MediaJobError.isInstance(error)) return false;
    throw error;
  }
}

/** What a ledger file holds; nothing when it has just gone. Only places of this work folder are believed. */
export async function readLedger(path: string, places: WorkFolderPlaces): Promise<LedgerContent> {
  try {
    const text = await readFile(path, 'utf8');
    return readLines(text, { folder: places.folder, tempFolder: tempFolderOf(text, places) });
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return { entries: [], refused: [] };
  }
}

/** The last sign of life in these ledgers, in milliseconds since 1970; infinity when one has just gone, and so is no matter of ours. */
export async function lastTouched(ledgers: readonly LedgerFile[]): Promise<number> {
  const times = await Promise.all(ledgers.map(({ path }) => stat(path).then(({ mtimeMs }) => mtimeMs, (error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
    return Infinity;
  })));
  return Math.max(...times);
}

/** Removes a ledger file, and what a crash left of writing it anew. */
export async function removeLedger(path: string): Promise<void> {
  for (const file of [unfinishedLog(path), path]) {
    await unlink(file).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
  }
}

/** A temp folder inside the work folder is not named, so that the work folder can be moved. */
function headerOf(owner: string, places: WorkFolderPlaces): string {
  const tempFolder = places.tempFolder === join(places.folder, 'temp') ? null : places.tempFolder;
  return `${JSON.stringify({ owner, tempFolder })}\n`;
}

/** The temp folder may have been another one when the ledger was written. It is believed when its last name is one that only this work folder gives. */
function tempFolderOf(text: string, { folder, id }: WorkFolderPlaces): string | undefined {
  const { tempFolder } = parseObject(text.slice(0, text.indexOf('\n')));
  if (tempFolder === null) return join(folder, 'temp');
  return typeof tempFolder === 'string' && isAbsolute(tempFolder) && basename(tempFolder) === outerTempName(id) ? tempFolder : undefined;
}

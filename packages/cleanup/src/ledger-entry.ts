import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MediaJobError } from '@media-jobs/foundation';
import { isPartName, isTempName } from './names.ts';

/**
 * One thing on disk that its owner will remove or hand over.
 *
 * - `temp`: a file or folder in the temp folder; the sweep removes it with all that is in it.
 * - `part`: an unfinished file beside its target, anywhere; the sweep removes it when the name is one of ours.
 * - `staged`: a folder below `jobs/` whose job is not accepted yet; only who knows the job's record may remove it.
 */
export interface LedgerEntry {
  readonly kind: 'temp' | 'part' | 'staged';
  /** Absolute. */
  readonly path: string;
}

/** The side of a ledger that its owner writes. */
export interface LedgerWriter {
  /** Resolves when the entry is on the ledger's disk. Create the thing only then. Throws `DISK_FULL`, `CLOSED`. */
  record(entry: LedgerEntry): Promise<void>;
  /** Takes the entry out again, after the thing is gone or belongs to somebody else. */
  forget(entry: LedgerEntry): Promise<void>;
}

/** Where the things of one ledger lie. */
export interface LedgerPlaces {
  /** The work folder. */
  readonly folder: string;
  /** The temp folder of whoever wrote the ledger; nothing when it cannot be believed. */
  readonly tempFolder: string | undefined;
}

/** One line of a ledger file: what it does, and the place in the shortest form that says it. */
interface LedgerLine {
  readonly do: 'record' | 'forget';
  readonly kind: LedgerEntry['kind'];
  /** `temp`: a name in the temp folder; `staged`: relative to the work folder; `part`: absolute. */
  readonly at: string;
}

/** Folders of a job: epoch, job id and token, each one name. */
const jobFolderPattern = /^jobs\/[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/;

/** Whether `path` is a folder of a job, relative to the work folder. */
export function isJobFolder(path: string): boolean {
  return jobFolderPattern.test(path);
}

/** The line of an entry, with its line end. Throws `INVALID_OPTION` for a place that a sweep would refuse. */
export function writeLine(action: LedgerLine['do'], entry: LedgerEntry, places: LedgerPlaces): string {
  const line: LedgerLine = { do: action, kind: entry.kind, at: placeOf(entry, places) };
  if (pathOf(line, places) === resolve(entry.path)) return `${JSON.stringify(line)}\n`;
  throw new MediaJobError('INVALID_OPTION', {
    message: `Expected a path that the ledger may hold as \`${entry.kind}\`, got ${JSON.stringify(entry.path)}.`,
    advice: 'Let createTempFiles and stageJobFolder make the names.',
    facts: { path: entry.path, kind: entry.kind },
  });
}

/** What a ledger file says. */
export interface LedgerContent {
  readonly entries: readonly LedgerEntry[];
  /** Places that nothing of ours can have: nobody may remove them. */
  readonly refused: readonly string[];
}

/** Reads the text of a ledger file. Torn and unknown lines are passed over: what they tell of was never created. */
export function readLines(text: string, places: LedgerPlaces): LedgerContent {
  const entries = new Map<string, LedgerEntry>();
  const refused: string[] = [];
  for (const line of text.split('\n').map(parseLine)) {
    if (line === undefined) continue;
    const path = pathOf(line, places);
    if (path === undefined) refused.push(line.at);
    else if (line.do === 'record') entries.set(`${line.kind} ${path}`, { kind: line.kind, path });
    else entries.delete(`${line.kind} ${path}`);
  }
  return { entries: [...entries.values()], refused };
}

function parseLine(text: string): LedgerLine | undefined {
  const line = parseObject(text);
  const { kind, at } = line;
  if (line['do'] !== 'record' && line['do'] !== 'forget') return undefined;
  if ((kind !== 'temp' && kind !== 'part' && kind !== 'staged') || typeof at !== 'string') return undefined;
  return { do: line['do'], kind, at };
}

/** The object in a line of JSON; an empty one when there is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function placeOf({ kind, path }: LedgerEntry, { folder }: LedgerPlaces): string {
  if (kind === 'temp') return basename(path);
  if (kind === 'part') return path;
  return relative(folder, path).split(sep).join('/');
}

/** The absolute path of a line, or nothing when no path of ours looks like this. */
function pathOf({ kind, at }: LedgerLine, { folder, tempFolder }: LedgerPlaces): string | undefined {
  if (kind === 'temp') return tempFolder !== undefined && isTempName(at) ? join(tempFolder, at) : undefined;
  if (kind === 'staged') return isJobFolder(at) ? join(folder, at) : undefined;
  return isAbsolute(at) && resolve(at) === at && isPartName(basename(at)) ? at : undefined;
}

import { lstat, mkdir, open, readdir, rename, rmdir, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import { isOwnerAlive, ownerId, type OwnerState } from '@media-jobs/process';
import { cleanupError, systemCode, writeError } from './file-errors.ts';
import { randomId } from './names.ts';
import { invalidOption } from './options.ts';

// A held lock is a folder with one empty file in it. The name of that file is unique for ever: who holds the lock, and
// which holding of theirs it is. So whatever is done to a holding names it, and can never hit a later one:
//
// - taking a free lock renames a folder that was made beside it, which fails as long as the one there is not empty;
// - taking over renames the file of the old holding to one of our own, which one of several can do;
// - giving back removes our own file, and whoever lost the lock finds it missing.

/** One holding of a lock, as it stands on disk. */
export interface Holding {
  /** Name of its file in the folder of the lock. */
  readonly name: string;
  /** Who holds it; `undefined` when a version that is not ours wrote it. */
  readonly owner: string | undefined;
  /** Its last sign of life, in milliseconds since 1970 by the clock of its host. */
  readonly touchedAt: number;
}

const namePattern = /^([a-z0-9-]{1,120})\.[a-z2-7]{26}\.lock$/;

const draftSuffix = '.draft';

/** A name for a new holding of this process. */
export function holdingName(): string {
  return `${ownerId()}.${randomId()}.lock`;
}

/** The holding of the lock at `path`; nothing when it is free. Throws `INVALID_OPTION` when something else lies there. */
export async function readHolding(path: string): Promise<Holding | undefined> {
  for (;;) {
    const names = await namesIn(path);
    const [name] = names;
    if (name === undefined) return undefined;
    const stranger = names.find((other) => !namePattern.test(other));
    if (stranger !== undefined) throw notALock(path, `a folder with ${JSON.stringify(stranger)} in it`);
    const stats = await found(lstat(join(path, name)));
    if (stats !== undefined) return { name, owner: ownerIn(name), touchedAt: stats.mtimeMs };
  }
}

/** Whether the process behind a holding lives. Unknown as well when nobody here can read who it is. */
export function ownerState({ owner }: Holding): OwnerState {
  return owner === undefined ? 'unknown' : isOwnerAlive(owner);
}

/** Takes the lock if it is free; false when somebody else was faster. */
export async function takeFree(path: string, name: string): Promise<boolean> {
  const draft = `${path}.${name}${draftSuffix}`;
  try {
    await makeFolder(draft);
    await (await open(join(draft, name), 'wx', 0o600)).close();
    await rename(draft, path);
    return true;
  } catch (error) {
    await removeDraft(draft, name);
    const code = systemCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    if (code === 'ENOTDIR') throw notALock(path, 'a file or a link');
    throw writeError(path, error);
  }
}

/** Makes another's holding one of ours, under `name`; false when it has moved on. With `ifUntouched`, also when it gave a sign of life in the meantime. */
export async function takeOver(path: string, holding: Holding, name: string, { ifUntouched }: { readonly ifUntouched: boolean }): Promise<boolean> {
  const [theirs, ours] = [join(path, holding.name), join(path, name)];
  try {
    if ((await found(rename(theirs, ours).then(() => true))) === undefined) return false;
    const stats = await found(lstat(ours));
    if (stats === undefined) return false;
    if (!ifUntouched || stats.mtimeMs === holding.touchedAt) return true;
    await found(rename(ours, theirs));
    return false;
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Gives a sign of life; false when the holding has passed to somebody else. */
export async function touchHolding(path: string, name: string, now: number): Promise<boolean> {
  return (await found(utimes(join(path, name), now / 1000, now / 1000).then(() => true))) === true;
}

/** Gives the lock back; false when it had passed to somebody else. */
export async function giveBack(path: string, name: string): Promise<boolean> {
  if ((await found(unlink(join(path, name)).then(() => true))) === undefined) return false;
  await rmdir(path).catch((error: unknown) => {
    // Whoever waited may have taken it already.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error))) throw error;
  });
  return true;
}

/** Removes what processes left that died while they were taking this lock. What cannot be removed is no reason to do without the lock. */
export async function removeDeadDrafts(path: string, logger: Logger): Promise<void> {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  for (const draft of await namesIn(folder)) {
    if (!draft.startsWith(start) || !draft.endsWith(draftSuffix)) continue;
    const name = draft.slice(start.length, -draftSuffix.length);
    const owner = ownerIn(name);
    if (owner === undefined || isOwnerAlive(owner) !== 'dead') continue;
    logger.debug({ path, owner }, 'A process had died while it was taking the lock');
    await removeDraft(join(folder, draft), name).catch((error: unknown) => logger.warn({ err: cleanupError(draft, error), path }, 'What a dead process left of taking a lock could not be removed'));
  }
}

async function removeDraft(draft: string, name: string): Promise<void> {
  await found(unlink(join(draft, name)));
  await found(rmdir(draft));
}

async function makeFolder(draft: string): Promise<void> {
  try {
    await mkdir(draft, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await mkdir(dirname(draft), { recursive: true, mode: 0o700 });
    await mkdir(draft, { mode: 0o700 });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    if (systemCode(error) === 'ENOTDIR') throw notALock(folder, 'a file');
    throw writeError(folder, error);
  }
}

/** What a call gives; nothing when what it is about has gone. */
async function found<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The owner in the name of a holding, when it is one that this version can read. */
function ownerIn(name: string): string | undefined {
  const owner = namePattern.exec(name)?.[1];
  if (owner === undefined) return undefined;
  try {
    isOwnerAlive(owner);
    return owner;
  } catch (error) {
    if (MediaJobError.isInstance(error)) return undefined;
    throw error;
  }
}

function notALock(path: string, got: string): MediaJobError {
  return invalidOption('path', 'the path of a lock or of nothing', `${path}, ${got}`, 'Give the lock a path that nothing else uses.');
}

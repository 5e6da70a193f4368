import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { once } from 'node:events';
import { publishFile, removePath, stageFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { newToken } from '../job/epoch.ts';
import type { FileStore, FileStoreControls, RemovedFiles, StoredFile, StoredFolder } from '../ports/file-store.ts';
import { fileCall, fileMissing, sourceChanged } from './file-errors.ts';
import { epochPlace, storedKey, storedPlace } from './stored-places.ts';

/** Options of `createFolderFileStore`. */
export interface FolderFileStoreOptions {
  /** A folder that all machines have mounted, such as one of NFS. It is not the work folder of any of them. Made, for this user only, with the first file. */
  readonly folder: string;
}

/** A file store in a folder that machines share. Nothing is written before the first `put`. Throws `INVALID_OPTION`. */
export function createFolderFileStore({ folder }: FolderFileStoreOptions): FileStore {
  if (typeof folder !== 'string' || folder === '') {
    throw new MediaJobError('INVALID_OPTION', { message: `Expected \`folder\` to be a path, got ${JSON.stringify(folder)}.`, advice: 'Name a folder that all machines share.', facts: { option: 'folder' } });
  }
  const root = resolve(folder);
  const pathOf = (file: Pick<StoredFile, 'folder' | 'sha256'>): string => join(root, storedKey(file));
  const sizeOf = (file: Pick<StoredFile, 'folder' | 'sha256'>, { signal }: FileStoreControls = {}): Promise<number | null> =>
    fileCall('look at a stored file', signal, async () => (await there(lstat(pathOf(file))))?.size ?? null);
  return {
    specVersion: 1,
    put: (file, path, { signal } = {}) => fileCall('store a file', signal, () => put(pathOf(file), file, path, signal)),
    open: (file, start, { signal } = {}) => fileCall('open a stored file', signal, () => open(pathOf(file), file, start, signal)),
    sizeOf,
    epochs: ({ signal } = {}) => fileCall('list the epochs of stored files', signal, () => foldersIn(join(root, 'jobs'))),
    folders: (epoch, { signal } = {}) => foldersOf(root, epochPlace(epoch), signal),
    remove: (place, { signal } = {}) => fileCall('remove stored files', signal, () => remove(root, storedPlace(place), signal)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A sweep may take an empty parent away just as it is stepped into. */
const makeAttempts = 10;

/** To a name of its own beside the target, compared on the way, and on the disk before it has its name. What a killed process leaves lies in the folder and goes with it. */
async function put(target: string, { sha256, bytes }: StoredFile, source: string, signal: AbortSignal | undefined): Promise<void> {
  if ((await there(lstat(target)))?.size === bytes) return;
  const part = join(dirname(target), `.${newToken()}.part`);
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    try {
      const copied = await stageFile(source, part, { expectedSha256: sha256, ...(signal === undefined ? {} : { signal }) });
      if (copied.bytes !== bytes) throw sourceChanged(source, `of ${bytes} bytes`, `${copied.bytes}`);
      return await publishFile(part, target, { overwrite: true });
    } catch (error) {
      await removePath(part, { filesOnly: true });
      if (!isGone(causeOf(error)) || attempt === makeAttempts || (await there(lstat(dirname(target)))) !== undefined) throw error;
    }
  }
}

async function open(path: string, file: StoredFile, start: number, signal: AbortSignal | undefined): Promise<Readable> {
  const stream = createReadStream(path, { start });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw isGone(error) ? fileMissing(file, error) : error;
  }
  return signal === undefined ? stream : addAbortSignal(signal, stream);
}

async function* foldersOf(root: string, place: string, signal: AbortSignal | undefined): AsyncGenerator<StoredFolder> {
  const look = <Result>(act: () => Promise<Result>): Promise<Result> => fileCall('list the folders of stored files', signal, act);
  for (const id of await look(() => foldersIn(join(root, place)))) {
    for (const token of await look(() => foldersIn(join(root, place, id)))) {
      const folder = `${place}/${id}/${token}`;
      const modifiedAt = await look(() => newestIn(join(root, folder)));
      if (modifiedAt !== null) yield { folder, modifiedAt };
    }
  }
}

/** Null when the folder has gone meanwhile. What it holds may be older than the folder, but never newer things stay unseen. */
async function newestIn(path: string): Promise<number | null> {
  const names = await there(readdir(path));
  const all = await Promise.all([path, ...(names ?? []).map((each) => join(path, each))].map((each) => there(lstat(each))));
  return names === undefined ? null : Math.round(Math.max(...all.map((stats) => stats?.mtimeMs ?? 0)));
}

async function remove(root: string, place: string, signal: AbortSignal | undefined): Promise<RemovedFiles> {
  const path = join(root, place);
  const removed = await removePath(path, { root, ...(signal === undefined ? {} : { signal }) });
  for (let parent = dirname(path); basename(parent) !== 'jobs' && parent.startsWith(join(root, 'jobs')); parent = dirname(parent)) {
    if (!(await removeEmpty(parent))) break;
  }
  return removed;
}

/** Whether it is gone; one that somebody fills is left. */
async function removeEmpty(path: string): Promise<boolean> {
  return rmdir(path).then(() => true, (error: unknown) => isGone(error));
}

async function foldersIn(path: string): Promise<string[]> {
  return ((await there(readdir(path, { withFileTypes: true }))) ?? []).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function there<Result>(look: Promise<Result>): Promise<Result | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function causeOf(error: unknown): unknown {
  return MediaJobError.isInstance(error) ? error.cause : error;
}

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownModel } from './known-models.ts';
import { modelPath, partPath } from './models-places.ts';

/** One line of the list of models. */
export interface ListedModel {
  /** Null for a file that no name stands for. */
  readonly name: string | null;
  /** Absolute; it exists unless the state is `absent` or `partial`. */
  readonly path: string;
  /** `damaged`: its size is not the published one. */
  readonly state: 'installed' | 'damaged' | 'partial' | 'absent';
  /** On disk. */
  readonly bytes: number;
  /** Of the whole file; null where nobody has published it. */
  readonly publishedBytes: number | null;
}

/** The models that are known, and what else ends in `.bin` in the folder. */
export async function listModels(folder: string, known: readonly KnownModel[]): Promise<readonly ListedModel[]> {
  const listed = await Promise.all(known.map((model) => look(folder, model)));
  const names = await namesIn(folder);
  const others = names.filter((name) => name.endsWith('.bin') && !name.startsWith('.') && !known.some(({ file }) => file === name)).sort();
  const strangers = await Promise.all(others.map(async (name): Promise<ListedModel> => ({ name: null, path: join(folder, name), state: 'installed', bytes: (await sizeOf(join(folder, name))) ?? 0, publishedBytes: null })));
  return [...listed, ...strangers];
}

async function look(folder: string, model: KnownModel): Promise<ListedModel> {
  const [path, publishedBytes] = [modelPath(folder, model), model.bytes ?? null];
  const bytes = await sizeOf(path);
  if (bytes !== null) return { name: model.name, path, state: publishedBytes === null || bytes === publishedBytes ? 'installed' : 'damaged', bytes, publishedBytes };
  const partial = await sizeOf(partPath(folder, model));
  return { name: model.name, path, state: partial === null ? 'absent' : 'partial', bytes: partial ?? 0, publishedBytes };
}

/** All names in a folder; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await unlessAbsent(readdir(folder))) ?? [];
}

/** Null when nothing is there. */
export async function sizeOf(path: string): Promise<number | null> {
  return (await unlessAbsent(lstat(path)))?.size ?? null;
}

async function unlessAbsent<Found>(found: Promise<Found>): Promise<Found | undefined> {
  try {
    return await found;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

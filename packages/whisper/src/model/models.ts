import { stat } from 'node:fs/promises';
import { fetchFile, withLock, type FetchedFile, type Resettable } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { DigestCache } from './digest-cache.ts';
import type { KnownModel } from './known-models.ts';
import { listModels, type ListedModel } from './list-models.ts';
import { ModelFile } from './model-info.ts';
import { resolveModelsOptions, type ModelsOptions, type PullOptions, type ResolvedModelsOptions } from './models-options.ts';
import { lockPath, modelPath, partPath } from './models-places.ts';
import { modelsTarget } from './reset-models.ts';
import { removeAllModels, removeModel, type RemovedModels } from './remove-models.ts';
import { verifyModel, type VerifiedModel, type VerifyControls } from './verify-model.ts';

/** The models of one folder; a target of `resetAll` of `@media-jobs/cleanup`. */
export interface Models extends Resettable {
  /** Absolute. */
  readonly folder: string;
  /** Whether this is the name of a model, and not a path. */
  has(name: string): boolean;
  /** Where the file of a model lies, or will. Throws `INVALID_OPTION` for an unknown name. */
  path(name: string): string;
  /** All that can be had, and what else lies in the folder. */
  list(): Promise<readonly ListedModel[]>;
  /**
   * Brings a model into the folder, unless it is there, and resolves with its path. One process downloads it, others wait;
   * what a dead one left is gone on with. Throws what `fetchFile` and `withLock` of `@media-jobs/cleanup` throw.
   */
  pull(name: string, options?: PullOptions): Promise<string>;
  /** Reads the whole file and holds it against the published checksum. Throws `MODEL_MISSING`. */
  verify(name: string, controls?: VerifyControls): Promise<VerifiedModel>;
  /** Removes one model and what is left of its download. Throws `LOCK_TIMEOUT` while another process downloads it. */
  remove(name: string): Promise<RemovedModels>;
  /** Removes all models of the folder, as a total reset does: every `ggml-*.bin`, those of `known`, unfinished downloads, checksums. Never throws for one of them. */
  removeAll(): Promise<RemovedModels>;
  /** A file anywhere, whose checksum is remembered in the folder. */
  file(path: string): ModelFile;
}

/** The models of a folder: what is there, and what can be had. Nothing is read or made before it is asked for. */
export function createModels(options: ModelsOptions = {}): Models {
  const resolved = resolveModelsOptions(options);
  const { folder, clock } = resolved;
  const digests = new DigestCache(folder, clock);
  const find = (name: string): KnownModel => findModel(resolved, name);
  return Object.freeze({
    folder,
    has: (name: string) => resolved.byName.has(name),
    path: (name: string) => modelPath(folder, find(name)),
    list: () => listModels(folder, [...resolved.byName.values()]),
    pull: async (name: string, pullOptions: PullOptions = {}) => await pull(resolved, digests, find(name), pullOptions),
    verify: async (name: string, controls: VerifyControls = {}) => await verifyModel({ folder, digests }, find(name), controls),
    remove: async (name: string) => await removeModel(resolved, digests, find(name)),
    removeAll: () => removeAllModels(resolved, digests),
    file: (path: string) => new ModelFile(path, digests),
    ...modelsTarget(resolved, digests),
  } satisfies Models);
}

function findModel({ byName }: ResolvedModelsOptions, name: string): KnownModel {
  const model = byName.get(name);
  if (model !== undefined) return model;
  throw new MediaJobError('INVALID_OPTION', { message: `Expected the name of a model, got ${JSON.stringify(name)}.`, advice: `Give one of ${[...byName.keys()].join(', ')}.`, facts: { option: 'name' } });
}

async function pull(options: ResolvedModelsOptions, digests: DigestCache, model: KnownModel, pullOptions: PullOptions): Promise<string> {
  const path = modelPath(options.folder, model);
  if (await isThere(path, model)) return path;
  const { signal, onWait } = pullOptions;
  const { clock, logger, lockWaitMs: waitMs } = options;
  await withLock(lockPath(options.folder, model), { waitMs, clock, logger, ...(signal === undefined ? {} : { signal }), ...(onWait === undefined ? {} : { onWait }) }, async (lock) => {
    // Whoever held the lock before may have brought it.
    if (await isThere(path, model)) return;
    const fetched = await download(options, model, path, { ...pullOptions, signal: lock.signal });
    await digests.write(path, await stat(path, { bigint: true }), fetched.sha256, { ours: true });
  });
  return path;
}

/** A file of another size is not the model, whatever its name. */
async function isThere(path: string, { bytes }: KnownModel): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true && (bytes === undefined || stats.size === bytes);
}

async function download(options: ResolvedModelsOptions, model: KnownModel, path: string, { signal, onProgress }: PullOptions): Promise<FetchedFile> {
  const { sources, transfer, clock, logger, folder } = options;
  const { file, name, bytes, sha256, sha1 } = model;
  logger.info({ model: name, path, bytes }, 'Downloading a model');
  const fetched = await fetchFile({
    ...transfer,
    urls: model.urls ?? sources.map((source) => source + file),
    target: path,
    partFile: partPath(folder, model),
    expected: { ...(bytes === undefined ? {} : { bytes }), ...(sha256 === undefined ? {} : { sha256 }), ...(sha1 === undefined ? {} : { sha1 }) },
    clock,
    logger,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  logger.info({ model: name, path, bytes: fetched.bytes, sha256: fetched.sha256 }, 'Downloaded a model');
  return fetched;
}

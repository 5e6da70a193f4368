import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { maxListed, type ResetControls, type Resettable } from '@media-jobs/cleanup';
import { stampOf, type DigestCache } from './digest-cache.ts';
import type { ResolvedModelsOptions } from './models-options.ts';
import { foreignDigests, modelFiles, removeFile, removeModel } from './remove-models.ts';

/** What tells each file from its successor: an inode alone is given out again at once. */
type Snapshot = ReadonlyMap<string, string | undefined>;

/** The models of a folder as a target of `resetAll`. What was fetched after the reset began belongs to the time after it, and stays. */
export function modelsTarget(options: ResolvedModelsOptions, digests: DigestCache): Resettable {
  const begun = new Map<string, Snapshot>();
  const past = async (resetId: string): Promise<readonly string[]> => {
    const [snapshot, now] = [begun.get(resetId), await snapshotOf(options)];
    return [...now].filter(([file, stamp]) => snapshot === undefined || (snapshot.has(file) && snapshot.get(file) === stamp)).map(([file]) => file);
  };
  return {
    name: 'models',
    kind: 'models',
    async begin({ request }) {
      begun.set(request.resetId, await snapshotOf(options));
    },
    async collect(controls) {
      for (const file of await past(controls.request.resetId)) {
        if (controls.signal.aborted) return;
        await collectModel(options, digests, file, controls);
      }
      for (const path of await foreignDigests(options.folder)) controls.add({ filesDeleted: 1, bytesFreed: (await removeFile(path)) ?? 0 });
    },
    async count({ request }) {
      const left = await past(request.resetId);
      return { count: left.length, listed: left.slice(0, maxListed).map((file) => join(options.folder, file)) };
    },
    end({ resetId }) {
      begun.delete(resetId);
      return Promise.resolve();
    },
  };
}

async function collectModel(options: ResolvedModelsOptions, digests: DigestCache, file: string, { add, fail }: ResetControls): Promise<void> {
  try {
    const { models, files, bytes } = await removeModel(options, digests, { file });
    add({ modelsDeleted: models, filesDeleted: files, bytesFreed: bytes });
  } catch (error) {
    fail(join(options.folder, file), error);
  }
}

/** Undefined where only a download has begun. */
async function snapshotOf(options: ResolvedModelsOptions): Promise<Snapshot> {
  const files = await modelFiles(options);
  return new Map(await Promise.all(files.map(async (file) => [file, await stampAt(join(options.folder, file))] as const)));
}

async function stampAt(path: string): Promise<string | undefined> {
  try {
    return stampOf(await lstat(path, { bigint: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

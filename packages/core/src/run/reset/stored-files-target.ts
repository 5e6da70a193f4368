import type { ResetControls, ResetRemains, Resettable } from '@media-jobs/cleanup';
import type { FileStore } from '../../ports/file-store.ts';
import type { RunContext } from '../run-context.ts';
import { collectStoredEpochs } from '../stored-leftovers.ts';

/** Looks at the epoch that workers elsewhere have had time for before their files are collected. */
const looks = 2;

/** What the file store holds. Deep: all of older epochs (guard 10). Basic leaves it to the cleanup pass of the jobs. */
export function createStoredFilesTarget(context: RunContext, files: FileStore): Resettable {
  const { clock, pollIntervalMs, store } = context;
  return {
    name: 'stored files',
    kind: 'files',
    /** Workers on other machines have no mark in this work folder: they learn of the reset within a look, and store nothing more. One that is cut off is made up for by a later pass. */
    async stop({ request, signal }) {
      if (request.level === 'deep') await clock.sleep(looks * pollIntervalMs, signal);
    },
    async collect({ request, signal, add, fail }: ResetControls) {
      if (request.level !== 'deep') return;
      const { files: filesDeleted, bytes: bytesFreed, errors } = await collectStoredEpochs(context, signal);
      add({ filesDeleted, bytesFreed });
      for (const { path, reason } of errors) fail(path, reason);
    },
    async count({ request, signal }): Promise<ResetRemains> {
      if (request.level !== 'deep') return { count: 0, listed: [] };
      const epoch = await store.epoch();
      const older = (await files.epochs({ signal })).filter((name) => name < epoch && (store.capabilities.durable || name >= context.firstEpoch));
      return { count: older.length, listed: older.map((name) => `jobs/${name}`) };
    },
  };
}

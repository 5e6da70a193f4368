import { join } from 'node:path';
import { linkOrCopy, requireDiskSpace, stageFile, type StagedFolder } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { newToken } from '../job/epoch.ts';
import type { Intake } from './intake.ts';
import { folderName, type RunContext } from './run-context.ts';
import { publishFiles, shareStaged, triesOfSubmit } from './shared-files.ts';

/** Staged folders of which it is not known whether the store accepted their job, because it did not answer. */
export type UnsettledFolders = Set<{ readonly id: string; readonly staged: StagedFolder }>;

/** A prediction may be wrong by this much. */
const margin = 1.1;

/**
 * Takes the files into a folder of its own, which is in the ledger before it exists (guard 3) and lies under the epoch
 * (guard 10). It is empty where the operation keeps checkpoints without having files; null when there is no need for one. Throws `DISK_FULL`, `INPUT_CHANGED`, `FILES_UNAVAILABLE` and what `stageFile` throws; nothing is left then.
 */
export async function stageInputs(context: RunContext, epoch: string, { id, files, registered }: Intake, signal: AbortSignal): Promise<StagedFolder | null> {
  if (files.length === 0 && registered.operation.checkpoints !== true) return null;
  const { workFolder, diskReserveBytes: reserveBytes } = context;
  const needed = files.reduce((sum, { bytes, isOurs }) => sum + (isOurs && workFolder.tempFolder.startsWith(workFolder.path) ? 0 : bytes), 0);
  await requireDiskSpace(workFolder.path, { bytes: Math.ceil(margin * needed), reserveBytes });
  const staged = shareStaged(context, await workFolder.stageJobFolder(folderName(epoch, id, newToken())));
  try {
    for (const { source, name, sha256, isOurs } of files) {
      if (isOurs) await linkOrCopy(source, join(staged.path, name), { signal });
      else await stageFile(source, join(staged.path, name), { expectedSha256: sha256, signal });
    }
    await publishFiles(context, staged.relativePath, files, signal, triesOfSubmit);
    return staged;
  } catch (error) {
    await staged[Symbol.asyncDispose]();
    throw error;
  }
}

/** After the store did not answer: the record tells whether the folder is the job's. What the store still does not say is asked again later. */
export async function settleFolder(context: RunContext, id: string, staged: StagedFolder): Promise<void> {
  try {
    const record = await context.store.get(id);
    if (record?.inputFolder === staged.relativePath) await staged.handOver();
    else await staged.discard();
  } catch (error) {
    context.logger.warn({ err: MediaJobError.from(error), jobId: id }, 'It is not known yet whether a job was accepted; its staged input is kept');
    context.unsettled.add({ id, staged });
  }
}

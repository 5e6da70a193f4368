import { resolve } from 'node:path';
import type { TempFile, TempFiles } from '@media-jobs/cleanup';
import { DisposalStack } from '@media-jobs/foundation';
import { tempFilesFor, type FinishedFile } from '../output-files.ts';

/** The files that one call writes before anything is in its place. All are gone when this is disposed. */
export interface UnfinishedFiles extends AsyncDisposable {
  readonly temp: TempFiles;
  /** Decoded samples. */
  readonly staged: TempFile;
  readonly speech: FinishedFile;
  readonly picture: FinishedFile | undefined;
}

/**
 * Makes the empty files, so that a folder that cannot be written to is found before any work. The decoded samples lie in
 * the caller's temp folder, or beside the target. Throws `OUTPUT_UNWRITABLE`, `DISK_FULL`.
 */
export async function makeUnfinishedFiles(target: string, picture: string | undefined, given: TempFiles | undefined): Promise<UnfinishedFiles> {
  await using made = new DisposalStack();
  const temp = tempFilesFor(target, given);
  const staged = made.use(await temp.file(given === undefined ? { near: target, extension: '.raw' } : { prefix: 'decoded' }));
  const speech = { target, part: made.use(await temp.file({ near: target, extension: '.wav' })) };
  const drawn = picture === undefined ? undefined : { target: resolve(picture), part: made.use(await temp.file({ near: picture, extension: '.png' })) };
  const kept = made.move();
  return Object.freeze({ temp, staged, speech, picture: drawn, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() });
}

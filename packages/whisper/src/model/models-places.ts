import { join } from 'node:path';
import type { KnownModel } from './known-models.ts';

/** Where a model lies in the folder of the models. */
export const modelPath = (folder: string, { file }: Pick<KnownModel, 'file'>): string => join(folder, file);

/** Its unfinished download. It survives its process on purpose, so that the next one goes on with it. */
export const partPath = (folder: string, { file }: Pick<KnownModel, 'file'>): string => join(folder, `.${file}.part`);

/** What is known of the unfinished download; see `fetchFile`. */
export const partStatePath = (folder: string, model: Pick<KnownModel, 'file'>): string => `${partPath(folder, model)}.json`;

/** Held by the one process that downloads or removes it. */
export const lockPath = (folder: string, { file }: Pick<KnownModel, 'file'>): string => join(folder, `.${file}.lock`);

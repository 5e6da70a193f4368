import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stampOf, type DigestCache } from './digest-cache.ts';
import { FileCursor } from './file-cursor.ts';
import { missingModel } from './missing-model.ts';
import { modelInvalid, modelParametersMillions, modelType, multilingualVocabulary, readModelHeader, type ModelHeader } from './model-header.ts';
import { openModel } from './open-model.ts';
import { checkTensorTable } from './tensor-table.ts';

/** What a model file is. */
export interface ModelInfo {
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
  /** Of the whole file, as 64 hexadecimal digits. */
  readonly sha256: string;
  /** Differs when the file does, as far as its folder tells: device, inode, size and times. */
  readonly stamp: string;
  /** The published size that its layers stand for, such as `base` or `large-v3-turbo`, or `custom`. */
  readonly type: string;
  /** False for an English-only model, which can neither detect a language nor translate. */
  readonly multilingual: boolean;
  /** Languages that its vocabulary has tokens for: 1, 99 or 100. */
  readonly languages: number;
  /** Positions of its encoder: 1,500 for 30 s in all published ones. */
  readonly audioContext: number;
  /** Weights in millions, estimated from the layers. */
  readonly parametersMillions: number;
}

/** A model whose file was checked, all but its checksum. */
export type CheckedModel = Omit<ModelInfo, 'sha256'>;

function describe(file: string, stats: BigIntStats, header: ModelHeader): CheckedModel {
  const multilingual = header.vocabulary >= multilingualVocabulary;
  // whisper.cpp counts languages the same way: 99 at 51,865 tokens, one more for each token above.
  const languages = multilingual ? 99 + header.vocabulary - multilingualVocabulary : 1;
  return Object.freeze({ file, bytes: Number(stats.size), stamp: stampOf(stats), type: modelType(header), multilingual, languages, audioContext: header.audioContext, parametersMillions: modelParametersMillions(header) });
}

async function sha256Of(handle: FileHandle, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const stream = handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 1024 * 1024, ...(signal === undefined ? {} : { signal }) });
  for await (const block of stream) hash.update(block as Buffer);
  return hash.digest('hex');
}

/** One model file. Checks and checksum are kept until the file's size, times or inode change; the checksum for later processes too, where there is a place for it. */
export class ModelFile {
  readonly path: string;
  readonly #digests: DigestCache | undefined;
  #checked: CheckedModel | undefined;
  #hashed: { readonly stamp: string; readonly sha256: Promise<string> } | undefined;

  constructor(path: string, digests?: DigestCache) {
    this.path = resolve(path);
    this.#digests = digests;
  }

  /** Reads header and tensor table, no weights. Throws `MODEL_MISSING` or `MODEL_INVALID`. */
  async check(): Promise<CheckedModel> {
    await using model = await this.#open();
    return model.checked;
  }

  /** As `check`, with the checksum, which reads the file once. */
  async info(): Promise<ModelInfo> {
    await using model = await this.#open();
    const { stamp } = model.checked;
    if (this.#hashed?.stamp !== stamp) {
      const hashed = { stamp, sha256: this.#digest(model.handle, stamp) };
      this.#hashed = hashed;
      // A failed read must not stay; whoever waits for it sees the error.
      hashed.sha256.catch(() => (this.#hashed = this.#hashed === hashed ? undefined : this.#hashed));
    }
    return Object.freeze({ ...model.checked, sha256: await this.#hashed.sha256 });
  }

  async #digest(handle: FileHandle, stamp: string): Promise<string> {
    const known = await this.#digests?.read(this.path, stamp);
    if (known !== undefined && known !== null) return known;
    const sha256 = await sha256Of(handle);
    const stats = await handle.stat({ bigint: true });
    if (stampOf(stats) === stamp) await this.#digests?.write(this.path, stats, sha256);
    return sha256;
  }

  async #open(): Promise<AsyncDisposable & { readonly handle: FileHandle; readonly checked: CheckedModel }> {
    const { handle } = await openModel(this.path, (cause) => missingModel(this.path, undefined, cause));
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw modelInvalid(this.path, `Expected a model file, got a folder, pipe or device: "${this.path}".`);
      if (this.#checked?.stamp !== stampOf(stats)) this.#checked = await this.#read(handle, stats);
      return { handle, checked: this.#checked, [Symbol.asyncDispose]: () => handle.close() };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #read(handle: FileHandle, stats: BigIntStats): Promise<CheckedModel> {
    const header = await readModelHeader(new FileCursor(handle, Number(stats.size)), this.path);
    await checkTensorTable(new FileCursor(handle, Number(stats.size)), header, this.path);
    return describe(this.path, stats, header);
  }
}

import { MediaJobError } from '@media-jobs/foundation';
import { missingModel } from './missing-model.ts';
import type { CheckedModel, ModelFile, ModelInfo } from './model-info.ts';
import type { Models } from './models.ts';
import type { PullOptions } from './models-options.ts';

/** Which model a transcriber works with, and whether it may be fetched. */
export interface ModelChoice {
  /** A name of `models`, or a path. */
  readonly model: string;
  readonly models: Models;
  readonly download: boolean;
  readonly onProgress: PullOptions['onProgress'];
}

/** A model that may have to be fetched first, also again after somebody has removed it. */
export class ModelSource {
  readonly #choice: ModelChoice;
  readonly #file: ModelFile;
  readonly #isNamed: boolean;
  #fetching: Promise<string> | undefined;

  constructor(choice: ModelChoice) {
    this.#choice = choice;
    this.#isNamed = choice.models.has(choice.model);
    this.#file = choice.models.file(this.#isNamed ? choice.models.path(choice.model) : choice.model);
  }

  get path(): string {
    return this.#file.path;
  }

  /** As `ModelFile.check`; fetches the model when it is not there. */
  check(signal?: AbortSignal): Promise<CheckedModel> {
    return this.#present(() => this.#file.check(), signal);
  }

  /** As `ModelFile.info`; fetches the model when it is not there. */
  info(signal?: AbortSignal): Promise<ModelInfo> {
    return this.#present(() => this.#file.info(), signal);
  }

  /** Without fetching: for a look at how things are. */
  look(): Promise<CheckedModel> {
    return this.#file.check();
  }

  async #present<Found>(look: () => Promise<Found>, signal: AbortSignal | undefined): Promise<Found> {
    try {
      return await look();
    } catch (thrown) {
      const error = MediaJobError.from(thrown);
      if (error.code !== 'MODEL_MISSING' || !this.#isNamed) throw error;
      if (!this.#choice.download) throw missingModel(this.path, this.#choice.model, error);
      await this.#fetch(signal);
      return await look();
    }
  }

  /** One download for all who wait for it here; whoever began it can also abort it, and the next begins anew. */
  async #fetch(signal: AbortSignal | undefined): Promise<void> {
    while (this.#fetching !== undefined) await this.#fetching.catch(() => undefined).then(() => signal?.throwIfAborted());
    const { models, model, onProgress } = this.#choice;
    this.#fetching = models.pull(model, { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) });
    try {
      await this.#fetching;
    } finally {
      this.#fetching = undefined;
    }
  }
}

import { resolve } from 'node:path';
import type { Engine, HealthCheck, HealthReport, ReleaseReceipt, Segment } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { checkRun } from './check-run.ts';
import { chooseEngine, type ChosenEngine } from './choose-engine.ts';
import { chooseLanguage, wantsTranslation } from './choose-language.ts';
import { contextFor } from './engines/audio-context.ts';
import { siftResult } from './hallucination/sift-result.ts';
import type { HallucinationMode, HallucinationReport } from './hallucination/sift-segments.ts';
import { hearLong, type HearLongOptions, type RunOptions } from './long-audio/hear-long.ts';
import { streamSegments } from './long-audio/segment-stream.ts';
import type { ChunksRun } from './long-audio/transcribe-chunks.ts';
import { ModelFile, type CheckedModel, type ModelInfo } from './model/model-info.ts';
import { ModelSource } from './model/model-source.ts';
import { createModels } from './model/models.ts';
import { resolveOptions, whisperDefaults, type ResolvedWhisperOptions, type WhisperOptions } from './options.ts';
import type { EnginePool, PoolModel, PoolRequest } from './pool/engine-pool.ts';
import { openPool } from './pool/open-pool.ts';
import { rising } from './rising.ts';
import { loadLimitMs, softLimitMs, stallLimitMs } from './time-limits.ts';
import { checkSegments, clampSegment, type Transcript } from './transcript.ts';
import { openWav, type OpenWav } from './wav/open-wav.ts';
import { isSilent } from './wav/silence.ts';
import type { TranscribeOptions, Whisper } from './whisper.ts';

/** Of ISO 639-2: undetermined. */
const noLanguage = 'und';

/**
 * Makes a transcriber. A named model that is absent is downloaded first, by one process; one that is removed later, by
 * the next run. Nothing is loaded until then. Throws `INVALID_OPTION`, `MODEL_MISSING`, `MODEL_INVALID`, and what a
 * download throws.
 *
 *     await using whisper = await createWhisper({ model: 'base.en' });
 *     const { text, segments } = await whisper.transcribe('./speech.wav');
 */
export async function createWhisper(options: WhisperOptions): Promise<Whisper> {
  const resolved = resolveOptions(options);
  const { logger, clock } = resolved;
  const { models = createModels({ logger, clock }), download = whisperDefaults.download, onModelProgress } = options;
  const model = new ModelSource({ model: resolved.model, models, download, onProgress: onModelProgress });
  const { bytes } = await model.check(options.signal);
  const chosen = await chooseEngine(resolved);
  logger.info({ engine: chosen.engine.name, reason: chosen.reason }, 'engine chosen');
  const pool = await openPool(resolved, chosen.engine, model.path);
  return new LocalWhisper(resolved, chosen, pool, model, loadLimitMs(bytes));
}

/** Of a run that is read: it waits for its reader between chunks. */
type PacedOptions = TranscribeOptions & Pick<RunOptions, 'pace'>;

/** The model, and what may stand in for it when memory is short. */
type ReadyModel = CheckedModel & { readonly smallerModel?: PoolModel | undefined };

class LocalWhisper implements Whisper {
  readonly engine: string;
  readonly engineReason: string;
  readonly beamSize: number;
  readonly chunkSeconds: number;
  readonly fitContext: boolean;
  readonly healthChecks: readonly HealthCheck[];
  readonly #options: ResolvedWhisperOptions;
  readonly #engine: Engine;
  readonly #model: ModelSource;
  readonly #loadTimeoutMs: number;
  readonly #pool: EnginePool;
  readonly #smaller: ModelFile | undefined;

  constructor(options: ResolvedWhisperOptions, { engine, reason }: ChosenEngine, pool: EnginePool, model: ModelSource, loadTimeoutMs: number) {
    const { beamSize, smallerModel } = options;
    this.#options = options;
    this.#engine = engine;
    this.engineReason = reason;
    this.#model = model;
    this.#loadTimeoutMs = loadTimeoutMs;
    this.fitContext = options.fitContext && engine.capabilities.shortContext;
    this.beamSize = engine.capabilities.beamSearch ? beamSize : 1;
    this.chunkSeconds = options.chunkSeconds;
    this.#pool = pool;
    this.#smaller = smallerModel === undefined ? undefined : new ModelFile(smallerModel);
    this.engine = engine.name;
    this.healthChecks = Object.freeze([
      { name: 'whisper-engine', check: (signal: AbortSignal) => this.#checkEngine(signal) },
      { name: 'whisper-model', check: () => this.#checkModel() },
    ]);
  }

  transcribe(wavFile: string, options: TranscribeOptions = {}): Promise<Transcript> {
    return this.#hear(wavFile, options);
  }

  stream(wavFile: string, options: TranscribeOptions = {}): AsyncGenerator<Segment, Transcript, void> {
    return streamSegments((hooks) => this.#hear(wavFile, { ...options, ...hooks }), options.signal);
  }

  unload(): Promise<ReleaseReceipt | null> {
    return this.#pool.unload();
  }

  timeLimitMs(durationSeconds: number): number {
    return this.#loadTimeoutMs + softLimitMs({ durationSeconds, minSpeed: this.#options.minSpeed });
  }

  async chooseLanguage(language: string, translate: boolean | string): Promise<string> {
    return chooseLanguage(language, wantsTranslation(translate), await this.#model.check());
  }

  modelInfo(): Promise<ModelInfo> {
    return this.#model.info();
  }

  async check(signal?: AbortSignal): Promise<HealthReport> {
    const model = await this.#checkModel();
    if (!model.ok) return model;
    const engine = await this.#checkEngine(signal);
    return engine.ok ? { ok: true, detail: `${engine.detail}; ${model.detail}` } : engine;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }

  async #hear(wavFile: string, given: PacedOptions): Promise<Transcript> {
    const { language = 'auto', hallucinations: mode = 'flag', signal } = given;
    checkRun(wavFile, given);
    const translate = wantsTranslation(given.translate);
    const options: RunOptions & { readonly onProgress: (ratio: number) => void } = { ...given, translate, onProgress: rising(given.onProgress) };
    // The engine's process may have another current folder than this one has now.
    const file = resolve(wavFile);
    const model = await this.#model.check(signal);
    const code = chooseLanguage(language, translate, model);
    const smallerModel = await this.#smallerModel(code, translate);
    await using wav = await openWav(file);
    const { durationSeconds } = wav.format;
    const run = durationSeconds > this.chunkSeconds ? await this.#hearLong(wav, code, { ...model, smallerModel }, options) : await this.#hearShort(file, wav, code, { ...model, smallerModel }, options);
    if (run === null) return this.#silence(code, durationSeconds, model, mode);
    const { result, report } = await siftResult(run.result, { mode, capabilities: this.#engine.capabilities, wavFile: file, durationSeconds, signal });
    options.onProgress(1);
    return this.#transcript({ ...run, result }, report, code, durationSeconds, model, options);
  }

  async #hearShort(file: string, wav: OpenWav, code: string, model: ReadyModel, options: RunOptions): Promise<ChunksRun | null> {
    if (await isSilent(wav, options.signal)) return null;
    const run = await this.#pool.run(this.#request(file, wav.format.durationSeconds, code, model, options));
    return { ...run, chunks: { heard: 1, resumed: 0 } };
  }

  #hearLong(wav: OpenWav, language: string, model: ReadyModel, options: RunOptions): Promise<ChunksRun | null> {
    const { beamSize = this.beamSize } = options;
    const requestOf: HearLongOptions['requestOf'] = (chunk, durationSeconds, known, ofChunk) => this.#request(chunk, durationSeconds, known, model, ofChunk);
    const { lanes, logger } = this.#options;
    const run = { logger, ...options };
    return hearLong({ wav, pool: this.#pool, lanes, model: this.#model, engine: this.engine, beamSize, chunkSeconds: this.chunkSeconds, language, run, requestOf });
  }

  #request(wavFile: string, durationSeconds: number, language: string, model: ReadyModel, options: RunOptions): PoolRequest {
    const { beamSize = this.#options.beamSize, onSegment } = options;
    const { minSpeed, logger } = this.#options;
    return {
      logger,
      ...options,
      wavFile,
      durationSeconds,
      language,
      beamSize,
      timeoutMs: options.timeoutMs ?? softLimitMs({ durationSeconds, minSpeed }),
      stallTimeoutMs: options.stallTimeoutMs ?? stallLimitMs(model, durationSeconds),
      loadTimeoutMs: this.#loadTimeoutMs,
      modelStamp: model.stamp,
      modelBytes: model.bytes,
      smallerModel: model.smallerModel,
      ...(this.fitContext ? contextFor(durationSeconds, model.audioContext) : {}),
      onProgress: rising(options.onProgress),
      onSegment(segment) {
        const inside = clampSegment(segment, durationSeconds);
        if (inside !== undefined) onSegment?.(inside);
      },
    };
  }

  #transcript(run: ChunksRun, hallucinations: HallucinationReport, asked: string, durationSeconds: number, model: CheckedModel, options: TranscribeOptions): Transcript {
    const { result, release, degraded = [], chunks, ...timings } = run;
    const checked = checkSegments(result, durationSeconds);
    const { languageProbability } = result;
    return Object.freeze({
      text: checked.text,
      // An English-only model reports whatever language comes first in its table.
      language: asked === 'auto' ? result.language : asked,
      ...(asked !== 'auto' || languageProbability === undefined ? {} : { languageProbability }),
      durationSeconds,
      segments: checked.segments,
      engine: this.engine,
      model: modelOf(model),
      warnings: [...this.#warnings(options), ...result.warnings, ...checked.warnings],
      degraded,
      release,
      timings,
      hallucinations,
      chunks,
    });
  }

  async #smallerModel(code: string, translate: boolean): Promise<PoolModel | undefined> {
    const smaller = await this.#smaller?.check();
    if (smaller === undefined) return undefined;
    chooseLanguage(code, translate, smaller);
    return smaller;
  }

  #silence(language: string, durationSeconds: number, model: CheckedModel, mode: HallucinationMode): Transcript {
    return Object.freeze({
      text: '',
      language: language === 'auto' ? noLanguage : language,
      durationSeconds,
      segments: [],
      engine: this.engine,
      model: modelOf(model),
      warnings: ['The audio is silent; the engine was not asked.'],
      degraded: [],
      release: null,
      timings: { waitMs: 0, loadMs: 0, transcribeMs: 0, releaseMs: 0 },
      hallucinations: { mode, flagged: 0, dropped: [], unchecked: [] },
      chunks: { heard: 0, resumed: 0 },
    });
  }

  #warnings({ beamSize = this.#options.beamSize }: TranscribeOptions): string[] {
    const engine = this.#engine;
    return beamSize > 1 && !engine.capabilities.beamSearch ? [`The engine ${engine.name} searches greedily; \`beamSize\` ${beamSize} has no effect.`] : [];
  }

  async #checkEngine(signal?: AbortSignal): Promise<HealthReport> {
    const { works, detail, advice } = await this.#engine.check(signal);
    return { ok: works, detail, ...(advice === undefined ? {} : { advice }) };
  }

  async #checkModel(): Promise<HealthReport> {
    try {
      const { file, type, multilingual, bytes } = await this.#model.look();
      return { ok: true, detail: `${file}, ${type}, ${multilingual ? 'multilingual' : 'English only'}, ${Math.round(bytes / 1e6)} MB` };
    } catch (thrown) {
      const { message, advice } = MediaJobError.from(thrown);
      return { ok: false, detail: message, ...(advice === undefined ? {} : { advice }) };
    }
  }
}

const modelOf = ({ file, type, multilingual }: CheckedModel): Transcript['model'] => ({ file, type, multilingual });

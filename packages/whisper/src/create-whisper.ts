import { resolve } from 'node:path';
import type { HealthCheck, HealthReport, ReleaseReceipt, Segment } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { chooseLanguage, wantsTranslation } from './choose-language.ts';
import { siftResult } from './hallucination/sift-result.ts';
import { hallucinationModes, type HallucinationMode, type HallucinationReport } from './hallucination/sift-segments.ts';
import { hearLong, type HearLongOptions, type RunOptions } from './long-audio/hear-long.ts';
import { streamSegments } from './long-audio/segment-stream.ts';
import type { ChunksRun } from './long-audio/transcribe-chunks.ts';
import type { CheckedModel, ModelInfo } from './model/model-info.ts';
import { ModelSource } from './model/model-source.ts';
import { createModels } from './model/models.ts';
import { checkWhole, invalidOption, mostBeams, resolveOptions, whisperDefaults, type ResolvedWhisperOptions, type WhisperOptions } from './options.ts';
import { EngineLane, type LaneRequest } from './pool/engine-lane.ts';
import { loadLimitMs, softLimitMs, stallLimitMs } from './time-limits.ts';
import { checkSegments, clampSegment, type Transcript } from './transcript.ts';
import { openWav, type OpenWav } from './wav/open-wav.ts';
import { isSilent } from './wav/silence.ts';
import type { TranscribeOptions, Whisper } from './whisper.ts';

const longestPrompt = 2000;
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
  return new LocalWhisper(resolved, model, loadLimitMs(bytes));
}

/** Of a run that is read: it waits for its reader between chunks. */
type PacedOptions = TranscribeOptions & Pick<RunOptions, 'pace'>;

class LocalWhisper implements Whisper {
  readonly engine: string;
  readonly beamSize: number;
  readonly chunkSeconds: number;
  readonly healthChecks: readonly HealthCheck[];
  readonly #options: ResolvedWhisperOptions;
  readonly #model: ModelSource;
  readonly #loadTimeoutMs: number;
  readonly #lane: EngineLane;

  constructor(options: ResolvedWhisperOptions, model: ModelSource, loadTimeoutMs: number) {
    const { engine, threads, keepAliveMs, clock, logger, beamSize } = options;
    this.#options = options;
    this.#model = model;
    this.#loadTimeoutMs = loadTimeoutMs;
    this.beamSize = engine.capabilities.beamSearch ? beamSize : 1;
    this.chunkSeconds = options.chunkSeconds;
    this.#lane = new EngineLane({ engine, open: { modelFile: model.path, threads }, keepAliveMs, clock, logger });
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
    return this.#lane.unload();
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
    return this.#lane[Symbol.asyncDispose]();
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
    await using wav = await openWav(file);
    const { durationSeconds } = wav.format;
    const run = durationSeconds > this.chunkSeconds ? await this.#hearLong(wav, code, model, options) : await this.#hearShort(file, wav, code, model, options);
    if (run === null) return this.#silence(code, durationSeconds, model, mode);
    const { result, report } = await siftResult(run.result, { mode, capabilities: this.#options.engine.capabilities, wavFile: file, durationSeconds, signal });
    options.onProgress(1);
    return this.#transcript({ ...run, result }, report, code, durationSeconds, model, options);
  }

  async #hearShort(file: string, wav: OpenWav, code: string, model: CheckedModel, options: RunOptions): Promise<ChunksRun | null> {
    if (await isSilent(wav, options.signal)) return null;
    const run = await this.#lane.run(this.#request(file, wav.format.durationSeconds, code, model, options));
    return { ...run, chunks: { heard: 1, resumed: 0 } };
  }

  #hearLong(wav: OpenWav, language: string, model: CheckedModel, options: RunOptions): Promise<ChunksRun | null> {
    const { beamSize = this.beamSize } = options;
    const requestOf: HearLongOptions['requestOf'] = (chunk, durationSeconds, known, ofChunk) => this.#request(chunk, durationSeconds, known, model, ofChunk);
    const { keepAliveMs, logger } = this.#options;
    const run = { logger, ...options };
    return hearLong({ wav, lane: this.#lane, keepAliveMs, model: this.#model, engine: this.engine, beamSize, chunkSeconds: this.chunkSeconds, language, run, requestOf });
  }

  #request(wavFile: string, durationSeconds: number, language: string, model: CheckedModel, options: RunOptions): LaneRequest {
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
      onProgress: rising(options.onProgress),
      onSegment(segment) {
        const inside = clampSegment(segment, durationSeconds);
        if (inside !== undefined) onSegment?.(inside);
      },
    };
  }

  #transcript(run: ChunksRun, hallucinations: HallucinationReport, asked: string, durationSeconds: number, model: CheckedModel, options: TranscribeOptions): Transcript {
    const { result, release, chunks, ...timings } = run;
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
      release,
      timings,
      hallucinations,
      chunks,
    });
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
      release: null,
      timings: { waitMs: 0, loadMs: 0, transcribeMs: 0, releaseMs: 0 },
      hallucinations: { mode, flagged: 0, dropped: [], unchecked: [] },
      chunks: { heard: 0, resumed: 0 },
    });
  }

  #warnings({ beamSize = this.#options.beamSize }: TranscribeOptions): string[] {
    const { engine } = this.#options;
    return beamSize > 1 && !engine.capabilities.beamSearch ? [`The engine ${engine.name} searches greedily; \`beamSize\` ${beamSize} has no effect.`] : [];
  }

  async #checkEngine(signal?: AbortSignal): Promise<HealthReport> {
    const { works, detail, advice } = await this.#options.engine.check(signal);
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

/** Passes on only what is higher than before. */
function rising(onProgress: ((ratio: number) => void) | undefined): (ratio: number) => void {
  let highest = -1;
  return (ratio) => {
    if (ratio <= highest) return;
    highest = ratio;
    onProgress?.(ratio);
  };
}

function checkRun(wavFile: unknown, { language, prompt, beamSize, timeoutMs, stallTimeoutMs, hallucinations = 'flag' }: TranscribeOptions): void {
  if (!hallucinationModes.includes(hallucinations)) throw invalidOption('hallucinations', "'flag', 'drop' or 'off'", hallucinations, 'Leave it out to have them flagged.');
  if (typeof wavFile !== 'string' || wavFile === '' || wavFile.includes('\0')) throw invalidOption('wavFile', 'the path of a WAV file', wavFile, 'Give the path of a file.');
  if (language !== undefined && typeof language !== 'string') throw invalidOption('language', 'a code or a name', language, "Give a code such as 'en', or 'auto'.");
  if (prompt !== undefined && (prompt.length > longestPrompt || prompt.includes('\0'))) {
    throw invalidOption('prompt', `a text of at most ${longestPrompt} characters`, `${prompt.slice(0, 20)}…`, 'The engine looks at the end of a prompt only; shorten it.');
  }
  if (beamSize !== undefined) checkWhole('beamSize', beamSize, 1, mostBeams);
  for (const [name, value] of Object.entries({ timeoutMs, stallTimeoutMs })) {
    if (value !== undefined && !(value > 0)) throw invalidOption(name, 'a number of milliseconds above 0', value, 'Leave it out to have it follow from the audio.');
  }
}

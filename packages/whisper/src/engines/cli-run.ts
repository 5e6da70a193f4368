import type { EngineRequest, EngineResult, Segment } from '@media-jobs/core';
import { MediaJobError, type Clock } from '@media-jobs/foundation';
import { BoundedWait } from './bounded-wait.ts';
import { cliExitError, unexpectedInput, unreadableAudio } from './cli-faults.ts';
import type { CliNews, PrintedSegment } from './cli-lines.ts';
import type { CliProcess } from './cli-process.ts';
import { readCliResult } from './cli-result.ts';
import { readPulse } from './process-pulse.ts';
import type { SilenceWatch } from './silence-watch.ts';

export interface CliRunOptions {
  readonly process: CliProcess;
  /** Which slot the request has. */
  readonly index: number;
  readonly request: EngineRequest;
  /** The audio as the program is given it. */
  readonly audioFile: string;
  /** Until the model is loaded, when it is the first request. */
  readonly loadTimeoutMs: number | undefined;
  readonly silenceTimeoutMs: number;
  /** Segments of earlier requests whose lines are still to come. */
  readonly lateSegments: number;
  readonly clock: Clock;
}

const pulseMs = 1000;
const pauseMs = 5;

/** What one request has come to. */
export interface CliHeard {
  readonly result: EngineResult;
  /** Segments whose lines are still to come. */
  readonly lateSegments: number;
}

/** One request at a `whisper-cli` that waits at a gate: from there to the next gate. */
export class CliRun {
  readonly #options: CliRunOptions;
  readonly #wait: BoundedWait<void>;
  readonly #atGate = Promise.withResolvers<void>();
  #loading: SilenceWatch | undefined;
  #stall: SilenceWatch | undefined;
  #late: number;
  #told = 0;
  #opened = false;
  #passed = false;
  #reading = false;
  #language: { readonly language: string; readonly probability: number } | undefined;

  constructor(options: CliRunOptions) {
    this.#options = options;
    this.#late = options.lateSegments;
    this.#wait = new BoundedWait<void>(options.clock);
  }

  /** Rejects at the first fault, abort or limit; the process must then be stopped. */
  async hear(waiting: boolean): Promise<CliHeard> {
    const { process, index, audioFile, request } = this.#options;
    using wait = this.#wait;
    this.#watch();
    process.listen({ logger: request.logger, onNews: (news) => this.#take(news), onSegment: (segment) => this.#tellPrinted(segment), onEnd: (error) => wait.fail(cliExitError(error, process.log, this.#reading ? 'transcribing' : 'loading the model')) });
    try {
      if (waiting) this.#atGate.resolve();
      await Promise.race([this.#atGate.promise, wait.result]);
      await process.inputs.begun();
      this.#begin();
      await process.inputs.fill(index, audioFile);
      this.#opened = true;
      await Promise.race([process.inputs.openGate(index, () => this.#passed || process.ended, () => this.#options.clock.sleep(pauseMs)), wait.result]);
      await wait.result;
      return await this.#read();
    } finally {
      process.listen(undefined);
    }
  }

  #watch(): void {
    const { request, loadTimeoutMs, silenceTimeoutMs, process } = this.#options;
    this.#wait.listen(request.signal);
    this.#wait.listen(request.kill);
    if (loadTimeoutMs !== undefined) this.#loading = this.#wait.watch({ what: 'the engine to load its model', limitMs: loadTimeoutMs, code: 'TIMEOUT' });
    const silence = this.#wait.watch({ what: 'any work of the engine process', limitMs: silenceTimeoutMs, code: 'STALLED' });
    let cpuMs = -1;
    const look = (): void => {
      const pulse = readPulse(process.mark.pid);
      // A machine that does not tell cannot be asked; the limit on progress still holds.
      if (pulse === undefined || pulse.cpuMs !== cpuMs) silence?.sign();
      cpuMs = pulse?.cpuMs ?? cpuMs;
      timer = this.#options.clock.after(pulseMs, look);
    };
    let timer = this.#options.clock.after(pulseMs, look);
    this.#wait.onEnd(() => timer.cancel());
  }

  /** The model is loaded: the limits of the run itself count from here. */
  #begin(): void {
    const { timeoutMs, stallTimeoutMs } = this.#options.request;
    this.#loading?.[Symbol.dispose]();
    if (timeoutMs !== undefined) this.#wait.watch({ what: 'the transcription to end', limitMs: timeoutMs, code: 'TIMEOUT' });
    if (stallTimeoutMs !== undefined) this.#stall = this.#wait.watch({ what: 'progress of the transcription', limitMs: stallTimeoutMs, code: 'STALLED' });
  }

  #take(news: CliNews): void {
    try {
      this.#hearNews(news);
    } catch (error) {
      // A listener of the caller threw, or the program did what it must not: the run ends with that very error.
      this.#wait.fail(error);
    }
  }

  #hearNews(news: CliNews): void {
    const { request, index } = this.#options;
    switch (news.type) {
      case 'reading':
        return this.#reach(news.file);
      case 'unreadable':
        if (this.#options.process.inputs.find(news.file)?.kind === 'slot') throw unreadableAudio(request.wavFile, this.#options.process.log);
        this.#passed = true;
        return;
      case 'processing':
        if (this.#reading) this.#checkSamples(news.samples);
        return;
      case 'progress':
        this.#stall?.sign();
        return request.onProgress?.(news.ratio);
      case 'language':
        this.#language = news;
        return;
      case 'backend':
        return request.logger?.debug({ engine: 'whisper-cli', backend: news.name, index }, 'engine backend');
    }
  }

  /** The program opens its inputs in their order; anything else is a fault. */
  #reach(file: string): void {
    const { process, index } = this.#options;
    const input = process.inputs.find(file);
    if (input?.kind === 'gate' && input.index === index && !this.#reading) return this.#atGate.resolve();
    if (input?.kind === 'slot' && input.index === index && this.#opened && !this.#reading) {
      this.#reading = true;
      this.#passed = true;
      this.#stall?.sign();
      return this.#options.request.onProgress?.(0);
    }
    if (input?.kind === 'gate' && input.index === index + 1 && this.#reading) return this.#wait.settle();
    throw unexpectedInput(file, process.log);
  }

  #checkSamples(samples: number): void {
    const { request, audioFile } = this.#options;
    const expected = Math.round(request.durationSeconds * 16_000);
    if (audioFile !== request.wavFile || Math.abs(samples - expected) <= 1) return;
    throw new MediaJobError('INPUT_CHANGED', { message: `Expected ${expected} samples in "${request.wavFile}", the engine got ${samples}.`, advice: 'Give a file that nobody writes to.' });
  }

  #tellPrinted(segment: PrintedSegment): void {
    if (this.#late > 0) this.#late -= 1;
    else this.#tell(segment);
  }

  #tell(segment: Segment): void {
    this.#told += 1;
    this.#stall?.sign();
    try {
      this.#options.request.onSegment?.(segment);
    } catch (error) {
      this.#wait.fail(error);
    }
  }

  async #read(): Promise<CliHeard> {
    const { process, index, request } = this.#options;
    const bytes = await process.inputs.read(index).catch((error: unknown) => {
      throw new MediaJobError('ENGINE_FAILED', { message: 'Expected whisper-cli to write a transcript, but there is none.', advice: 'Try again; when it comes back, look into the log in the facts of this error.', facts: { log: process.log.slice(-4096) }, cause: error });
    });
    const { segments, language } = readCliResult(bytes, request.durationSeconds);
    await process.inputs.clear(index);
    const missing = segments.slice(this.#told);
    for (const segment of missing) this.#tell(segment);
    const heard = this.#language;
    const result: EngineResult = { segments, language: heard?.language ?? language, ...(heard === undefined ? {} : { languageProbability: heard.probability }), warnings: [] };
    return { result, lateSegments: this.#late + missing.length };
  }
}

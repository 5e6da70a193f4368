import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder, type TempFolder } from '@media-jobs/cleanup';
import type { EngineResult, ReleaseReceipt, Segment } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { abortErrorOf, joinSignals } from '../pool/abort.ts';
import type { LaneRun } from '../pool/engine-lane.ts';
import type { ChunkCounts } from '../transcript.ts';
import type { OpenWav } from '../wav/open-wav.ts';
import { sampleRate } from '../wav/wav-format.ts';
import type { Checkpoints, ChunkFacts } from './checkpoints.ts';
import { chunkSamples, hashChunk, writeChunk } from './chunk-audio.ts';
import { placeSegment } from './chunk-times.ts';
import { planChunks, type Chunk } from './plan-chunks.ts';
import { SegmentRelay } from './segment-relay.ts';

/** One chunk, as an engine is asked to hear it. */
export interface ChunkRequest {
  readonly wavFile: string;
  readonly durationSeconds: number;
  readonly language: string;
  /** Of those that hear side by side, which one this is, from 0. */
  readonly lane: number;
  /** Whether another chunk waits, and promises it to this lane: then the engine is worth keeping. */
  readonly more: () => boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (ratio: number) => void;
  readonly onSegment: (segment: Segment) => void;
}

export interface TranscribeChunksOptions {
  readonly wav: OpenWav;
  readonly chunkSeconds: number;
  /** Chunks that are heard at a time. */
  readonly lanes: number;
  /** As the engine is given it, `auto` included: then the first chunk tells it for all. */
  readonly language: string;
  /** Where chunks are written; the caller's to delete. Default: a temp folder of its own. */
  readonly tempFolder?: string | undefined;
  readonly checkpoints?: Checkpoints | undefined;
  /** What the text depends on besides sound and language. */
  readonly facts: ChunkFacts;
  readonly signal?: AbortSignal | undefined;
  readonly kill?: AbortSignal | undefined;
  readonly hear: (request: ChunkRequest) => Promise<LaneRun>;
  /** Awaited before each chunk, so that a slow reader is not overrun. */
  readonly pace?: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly onProgress?: ((ratio: number) => void) | undefined;
  readonly onSegment?: ((segment: Segment) => void) | undefined;
}

/** Times are sums over all chunks. */
export interface ChunksRun extends LaneRun {
  readonly chunks: ChunkCounts;
}

/**
 * Hears long audio in chunks, each by itself, so that the text is the same however many run at a time and wherever an
 * earlier run was cut off. Null where there is nothing to hear. The first chunk that fails ends the others; what is
 * finished is among the checkpoints. Throws what `hear` throws, `ABORTED`, and `DISK_FULL`.
 */
export async function transcribeChunks(options: TranscribeChunksOptions): Promise<ChunksRun | null> {
  await using run = new ChunkedRun(options);
  return await run.result();
}

class ChunkedRun implements AsyncDisposable {
  readonly #options: TranscribeChunksOptions;
  readonly #failing = new AbortController();
  readonly #controls: ReturnType<typeof joinSignals>;
  readonly #plan: AsyncGenerator<Chunk, void, void>;
  readonly #ahead: Chunk[] = [];
  /** Lanes that were promised one of those ahead and have not taken it yet: what one engine is kept for, no second is. */
  readonly #promised = new Set<number>();
  readonly #live: SegmentRelay;
  readonly #joined: SegmentRelay;
  readonly #segments: Segment[] = [];
  /** Samples that are dealt with, by chunk; a part of it while a chunk is being heard. */
  readonly #done = new Map<number, number>();
  readonly #warnings = new Set<string>();
  readonly #firstHeard = Promise.withResolvers<EngineResult>();
  #planned = 0;
  #resumed = 0;
  #beyond = 0;
  #temp: Promise<TempFolder> | undefined;
  #sum: Omit<LaneRun, 'result'> = { release: null, waitMs: 0, loadMs: 0, transcribeMs: 0, releaseMs: 0 };

  constructor(options: TranscribeChunksOptions) {
    this.#options = options;
    this.#controls = joinSignals(options.signal, options.kill, this.#failing.signal);
    this.#plan = planChunks(options.wav, { chunkSeconds: options.chunkSeconds, signal: this.#controls.signal });
    this.#live = new SegmentRelay((segment) => options.onSegment?.(segment));
    this.#joined = new SegmentRelay((segment) => this.#segments.push(segment));
    // Who waits for it is told through its own chunk.
    this.#firstHeard.promise.catch(() => undefined);
  }

  async result(): Promise<ChunksRun | null> {
    await Promise.allSettled(Array.from({ length: this.#options.lanes }, (_, lane) => this.#work(lane)));
    if (this.#failing.signal.aborted) throw this.#failing.signal.reason;
    this.#live.end();
    this.#joined.end();
    if (this.#planned === 0) return null;
    const { language, languageProbability } = await this.#firstHeard.promise;
    const result: EngineResult = {
      segments: this.#segments,
      language,
      ...(languageProbability === undefined ? {} : { languageProbability }),
      warnings: [...this.#warnings, ...(this.#beyond === 0 ? [] : [`Left out ${this.#beyond} segment${this.#beyond === 1 ? '' : 's'} in the silence behind a chunk.`])],
    };
    return { ...this.#sum, result, chunks: { heard: this.#planned - this.#resumed, resumed: this.#resumed } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controls[Symbol.dispose]();
    await this.#plan.return();
    await (await this.#temp)?.[Symbol.asyncDispose]();
  }

  async #work(lane: number): Promise<void> {
    const { signal } = this.#controls;
    try {
      for (;;) {
        await this.#options.pace?.(signal);
        if (signal.aborted) throw abortErrorOf(signal);
        const next = await this.#next(lane);
        if (next === undefined) return;
        await this.#process(next, lane);
      }
    } catch (error) {
      this.#firstHeard.reject(error);
      this.#failing.abort(error);
    }
  }

  /** Looks ahead, so that each engine knows whether it is needed again. */
  async #next(lane: number): Promise<Chunk | undefined> {
    const { lanes } = this.#options;
    while (this.#ahead.length <= lanes) {
      const { value } = await this.#plan.next();
      if (value === undefined) break;
      this.#planned += 1;
      this.#ahead.push(value);
    }
    this.#promised.delete(lane);
    return this.#ahead.shift();
  }

  #promise(lane: number): boolean {
    if (this.#ahead.length > this.#promised.size) this.#promised.add(lane);
    return this.#promised.has(lane);
  }

  async #process(chunk: Chunk, lane: number): Promise<void> {
    const { checkpoints, facts, wav, language: asked } = this.#options;
    const language = asked === 'auto' && chunk.index > 0 ? (await this.#firstHeard.promise).language : asked;
    if (checkpoints === undefined) return this.#finish(chunk, await this.#hear(chunk, language, lane));
    const all = { ...facts, language, audio: await hashChunk(wav, chunk, this.#controls.signal) };
    const found = await checkpoints.find(all);
    if (found !== undefined) {
      this.#resumed += 1;
      return this.#finish(chunk, found);
    }
    const result = await this.#hear(chunk, language, lane);
    await checkpoints.keep(all, result);
    this.#finish(chunk, result);
  }

  async #hear(chunk: Chunk, language: string, lane: number): Promise<EngineResult> {
    const { wav, hear } = this.#options;
    const { signal } = this.#controls;
    const wavFile = join(await this.#folder(), `chunk-${chunk.index}-${randomUUID()}.wav`);
    try {
      await writeChunk(wav, chunk, wavFile, signal);
      const run = await hear({
        wavFile, durationSeconds: chunkSamples(chunk) / sampleRate, language, lane, signal,
        more: () => this.#promise(lane),
        onProgress: (ratio) => this.#progress(chunk, ratio),
        onSegment: (segment) => {
          const placed = placeSegment(segment, chunk);
          if (placed !== undefined) this.#live.partial(chunk, placed);
        },
      });
      this.#add(run);
      return run.result;
    } catch (error) {
      throw MediaJobError.from(error);
    } finally {
      await rm(wavFile, { force: true });
    }
  }

  async #folder(): Promise<string> {
    const { tempFolder: given } = this.#options;
    if (given !== undefined) return given;
    this.#temp ??= tempFolder({ prefix: 'speech' });
    return (await this.#temp).path;
  }

  #finish(chunk: Chunk, result: EngineResult): void {
    const placed = result.segments.map((segment) => placeSegment(segment, chunk));
    const segments = placed.filter((segment) => segment !== undefined);
    this.#beyond += result.segments.filter(({ text }, index) => placed[index] === undefined && text.trim() !== '').length;
    for (const warning of result.warnings) this.#warnings.add(warning);
    if (chunk.index === 0) this.#firstHeard.resolve(result);
    this.#live.finish(chunk, segments);
    this.#joined.finish(chunk, segments);
    this.#progress(chunk, 1);
  }

  #progress(chunk: Chunk, ratio: number): void {
    this.#done.set(chunk.index, ratio * (chunk.doneSample - chunk.fromSample));
    const done = [...this.#done.values()].reduce((sum, samples) => sum + samples, 0);
    this.#options.onProgress?.(Math.min(1, done / (this.#options.wav.format.dataBytes / 2)));
  }

  #add({ release, degraded = [], ...times }: LaneRun): void {
    const { degraded: before = [], waitMs, loadMs, transcribeMs, releaseMs } = this.#sum;
    const latest: ReleaseReceipt | null = release ?? this.#sum.release;
    this.#sum = { release: latest, degraded: [...new Set([...before, ...degraded])], waitMs: waitMs + times.waitMs, loadMs: loadMs + times.loadMs, transcribeMs: transcribeMs + times.transcribeMs, releaseMs: releaseMs + times.releaseMs };
  }
}

import type { Engine, EngineOpenOptions, EngineRequest, EngineResult, EngineSession, ReleaseReceipt, Segment } from '@media-jobs/core';
import { MediaJobError, silentLogger, systemClock, type Clock } from '@media-jobs/foundation';
import { proveRelease } from '../release/prove-release.ts';
import { openWav } from '../wav/open-wav.ts';
import { AddonLink } from './addon-link.ts';
import type { WireSegment } from './addon-messages.ts';

/** Which build of the addon is loaded. A string, since later versions of the addon may bring others. */
export type AddonVariant = 'default' | 'cuda' | 'vulkan';

export interface AddonEngineOptions {
  /** Default `default`, which is for the processor, or Metal on a Mac. `cuda` and `vulkan` fail where their libraries are missing; nothing falls back silently. */
  readonly variant?: AddonVariant;
  /** Longest time without a beat of the child, which beats once a second whatever the engine does. Default 30,000. */
  readonly silenceTimeoutMs?: number;
  readonly clock?: Clock;
  /** Another program in place of the addon's child process. For tests. */
  readonly module?: URL;
}

type Resolved = Required<Omit<AddonEngineOptions, 'module'>> & Pick<AddonEngineOptions, 'module'>;

const probeTimeoutMs = 20_000;
/** A disk that gives 10 MB/s is the slowest that reading the samples is allowed for. */
const slowestDiskBytesPerMs = 10_000;

const toSegment = ({ startMs, endMs, text }: WireSegment): Segment => ({ start: startMs / 1000, end: endMs / 1000, text });

/**
 * whisper.cpp as a prebuilt Node addon, `@fugood/whisper.node`, in a child process that holds one model: a crash of the
 * engine is an error here, and its memory goes with the process. The addon searches greedily, whatever `beamSize` says.
 */
export function createAddonEngine(options: AddonEngineOptions = {}): Engine {
  const { variant = 'default', silenceTimeoutMs = 30_000, clock = systemClock, module } = options;
  const resolved: Resolved = { variant, silenceTimeoutMs, clock, ...(module === undefined ? {} : { module }) };
  return Object.freeze({
    specVersion: 1,
    name: 'addon-child',
    capabilities: Object.freeze({ words: false, wordProbability: false, languageProbability: true, noSpeech: false, beamSearch: false, warm: true, shortContext: false }),
    check: (signal?: AbortSignal) => check(resolved, signal),
    usesGpu: () => Promise.resolve(variant !== 'default'),
    open: (openOptions: EngineOpenOptions) => openSession(openOptions, resolved),
  });
}

async function check({ variant, clock, module }: Resolved, signal: AbortSignal | undefined): ReturnType<Engine['check']> {
  try {
    const link = await AddonLink.start({ clock, module, logger: silentLogger });
    const limit = { what: 'the engine to load', limitMs: probeTimeoutMs, code: 'TIMEOUT' } as const;
    const answer = await link.ask({ request: { type: 'probe', variant }, doing: 'loading the addon', signal, limit });
    await link.end();
    return { works: true, detail: answer.type === 'ready' ? `@fugood/whisper.node ${answer.version}, variant ${answer.variant}` : answer.type };
  } catch (thrown) {
    const error = MediaJobError.from(thrown);
    return { works: false, detail: error.message, ...(error.advice === undefined ? {} : { advice: error.advice }) };
  }
}

async function openSession(options: EngineOpenOptions, { variant, clock, module, silenceTimeoutMs }: Resolved): Promise<EngineSession> {
  const { modelFile, threads, device, timeoutMs, signal, kill, logger = silentLogger } = options;
  const link = await AddonLink.start({ clock, module, logger, device });
  await link.ask({
    request: { type: 'load', variant, modelFile, useGpu: device !== 'cpu' },
    doing: 'loading the model',
    signal,
    kill,
    limit: timeoutMs === undefined ? undefined : { what: 'the engine to load its model', limitMs: timeoutMs, code: 'TIMEOUT' },
  });
  return new AddonSession({ link, threads, clock, silenceTimeoutMs });
}

interface SessionOptions {
  readonly link: AddonLink;
  readonly threads: number;
  readonly clock: Clock;
  readonly silenceTimeoutMs: number;
}

class AddonSession implements EngineSession {
  readonly #options: SessionOptions;
  #requests = 0;
  #reportedCpuMs = 0;
  #receipt: Promise<ReleaseReceipt> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.usable ? this.#options.link.mark.pid : null;
  }

  get usable(): boolean {
    return this.#receipt === undefined && this.#options.link.usable;
  }

  get peakRssBytes(): number | null {
    return this.#options.link.peakRssBytes;
  }

  async transcribe(request: EngineRequest): Promise<EngineResult> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    try {
      return await this.#run(request);
    } finally {
      this.#reportUsage(request, clock.monotonic() - began);
    }
  }

  release(): Promise<ReleaseReceipt> {
    this.#receipt ??= this.#end();
    return this.#receipt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #end(): Promise<ReleaseReceipt> {
    const { link, clock } = this.#options;
    await link.end();
    return proveRelease({ mark: link.mark, exitedAt: clock.now(), peakRssBytes: link.peakRssBytes });
  }

  async #run(request: EngineRequest): Promise<EngineResult> {
    const { link, threads, silenceTimeoutMs } = this.#options;
    const { wavFile, language, translate, prompt, timeoutMs, stallTimeoutMs, signal, kill, logger, onProgress, onSegment } = request;
    const format = await formatOf(wavFile);
    this.#requests += 1;
    const answer = await link.ask({
      request: { type: 'transcribe', id: this.#requests, wavFile, ...format, language, translate, threads, ...(prompt === undefined ? {} : { prompt }) },
      doing: 'transcribing',
      signal,
      kill,
      logger,
      limit: timeoutMs === undefined ? undefined : { what: 'the transcription to end', limitMs: timeoutMs, code: 'TIMEOUT' },
      stall: stallTimeoutMs === undefined ? undefined : { what: 'progress of the transcription', limitMs: stallTimeoutMs, code: 'STALLED' },
      silence: { what: 'a beat of the engine process', limitMs: silenceTimeoutMs + format.dataBytes / slowestDiskBytesPerMs, code: 'STALLED' },
      onNews: (news) => (news.type === 'progress' ? onProgress?.(news.ratio) : news.segments.forEach((segment) => onSegment?.(toSegment(segment)))),
    });
    if (answer.type !== 'result') throw new TypeError('The link settled a run with another answer.');
    const { languageProbability } = answer;
    return { segments: answer.segments.map(toSegment), language: answer.language, ...(languageProbability === undefined ? {} : { languageProbability }), warnings: [] };
  }

  /** What this run has cost: the first also what the loading did. */
  #reportUsage({ onUsage }: EngineRequest, wallMs: number): void {
    const { link } = this.#options;
    const cpuMs = link.cpuMs - this.#reportedCpuMs;
    this.#reportedCpuMs = link.cpuMs;
    onUsage?.({ command: 'whisper addon', pid: link.mark.pid, wallMs, cpuMs, peakRssBytes: link.peakRssBytes ?? 0 });
  }
}

async function formatOf(wavFile: string): Promise<{ readonly dataOffset: number; readonly dataBytes: number }> {
  await using wav = await openWav(wavFile);
  const { dataOffset, dataBytes } = wav.format;
  return { dataOffset, dataBytes };
}

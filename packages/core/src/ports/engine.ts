import type { ProcessControls } from '@media-jobs/process';

/** What an engine can give. What it cannot is refused or warned about, never ignored. */
export interface EngineCapabilities {
  /** Times of single words. */
  readonly words: boolean;
  readonly wordProbability: boolean;
  readonly languageProbability: boolean;
  /** Probability that a segment holds no speech. */
  readonly noSpeech: boolean;
  /** Searches with beams; an engine that does not is greedy whatever `beamSize` says. */
  readonly beamSearch: boolean;
  /** Can stay loaded between runs; an engine that cannot is started for each `open`. */
  readonly warm: boolean;
  /** Follows `audioContext`. */
  readonly shortContext: boolean;
}

/** A stretch of speech with its words. */
export interface Segment {
  /** Seconds from the start of the audio. */
  readonly start: number;
  /** Seconds, not before `start`, not beyond the end of the audio. */
  readonly end: number;
  readonly text: string;
  readonly words?: readonly Word[];
  /** 0..1 */
  readonly noSpeechProbability?: number;
  /** Mean of the natural logarithms of the tokens' probabilities, at most 0. */
  readonly averageLogProbability?: number;
}

export interface Word {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** 0..1 */
  readonly probability?: number;
}

/** One run: what to hear, and how. */
export interface EngineRequest extends ProcessControls {
  /** 16 kHz, mono, 16-bit PCM in a WAV file. */
  readonly wavFile: string;
  /** Length of the file in seconds; results are held against it. */
  readonly durationSeconds: number;
  /** A Whisper language code, or `auto`. */
  readonly language: string;
  /** Into English. */
  readonly translate: boolean;
  /** Beams of the search, 1 = greedy. */
  readonly beamSize: number;
  readonly prompt?: string;
  /** Positions of the encoder to use, 50 for each second, at most those of the model. Default: all, which is 30 s. */
  readonly audioContext?: number;
  /** Ends the run with `TIMEOUT`. */
  readonly timeoutMs?: number;
  /** Longest time without progress or a segment; then the run ends with `STALLED`. */
  readonly stallTimeoutMs?: number;
  readonly onProgress?: (ratio: number) => void;
  /** Segments as they are found, in order; the result holds them all again. */
  readonly onSegment?: (segment: Segment) => void;
}

export interface EngineResult {
  readonly segments: readonly Segment[];
  /** The language that was heard or given, as a code. */
  readonly language: string;
  readonly languageProbability?: number;
  readonly warnings: readonly string[];
}

/** Shows that the memory is back. `proof` names the strongest evidence that was at hand. */
export interface ReleaseReceipt {
  readonly pid: number;
  /** Milliseconds since 1970; null while the process stays loaded for the next run. */
  readonly exitedAt: number | null;
  /** Resident memory of the engine process, sampled; null when it could not be read. */
  readonly peakRssBytes: number | null;
  /** Memory in use on the graphics card, by everybody, in MiB; null where the engine uses none or no driver tells. The peak is sampled. */
  readonly gpu: { readonly uuid: string; readonly beforeMiB: number; readonly peakMiB: number; readonly afterMiB: number } | null;
  /**
   * The strongest evidence at hand. The process is gone in all but `kept-warm`. `memory-back`: and the card's memory is what it was before.
   * `absent-from-driver`: and the driver, which had listed the process, does so no more. `process-gone` with figures in `gpu`: the card's
   * memory did not come back, or somebody else took it. `kept-warm`: not released on purpose; the receipt comes when it is.
   */
  readonly proof: 'process-gone' | 'absent-from-driver' | 'memory-back' | 'kept-warm';
  /** Why a warm engine was ended before its time: so many runs, its age, or memory that grew. */
  readonly recycled?: 'runs' | 'age' | 'memory';
}

/** A loaded engine, or a program that is started for each run. One request at a time. */
export interface EngineSession extends AsyncDisposable {
  /** Of the process that runs now; null while there is none. */
  readonly pid: number | null;
  /** False when the process has gone or a fault was seen: the session can only be released. */
  readonly usable: boolean;
  /** Peak of the engine's resident memory so far; null when it could not be read. */
  readonly peakRssBytes: number | null;
  /** Whether this session can serve the request as it is loaded now; where it is missing, it can serve any. */
  fits?(request: EngineRequest): boolean;
  /** Throws `ENGINE_FAILED`, `MODEL_INVALID`, `CORRUPT`, `STALLED`, `TIMEOUT` or `ABORTED`; the session must then be released. */
  transcribe(request: EngineRequest): Promise<EngineResult>;
  /** Ends the process, waits until it is gone, and shows it. Null when none was ever started. Idempotent. Throws `RELEASE_UNPROVEN`. */
  release(): Promise<ReleaseReceipt | null>;
}

/** The signals end the opening only; each run has its own. `onUsage` is called by runs, not here. */
export interface EngineOpenOptions extends ProcessControls {
  readonly modelFile: string;
  /** Threads of one run. */
  readonly threads: number;
  /** `cpu`, or the UUID of a graphics card, which is then the only one that the engine sees. Default: as the engine was built. */
  readonly device?: string;
  /** Longest time until it is loaded; then `TIMEOUT`. */
  readonly timeoutMs?: number;
}

/** A way to run Whisper: a warm child process, or a program that is started for each run. */
export interface Engine {
  readonly specVersion: 1;
  /** Such as `addon-child`. */
  readonly name: string;
  readonly capabilities: EngineCapabilities;
  /** Whether it works on this machine, with the reason and what to do when it does not. Bounded in time; an abort ends it sooner. */
  check(signal?: AbortSignal): Promise<{ readonly works: boolean; readonly detail: string; readonly advice?: string }>;
  /** Whether it may take memory of a graphics card here. Where it is missing: never. */
  usesGpu?(): Promise<boolean>;
  open(options: EngineOpenOptions): Promise<EngineSession>;
}

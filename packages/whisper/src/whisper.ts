import type { HealthCheck, HealthReport, ReleaseReceipt, Segment } from '@media-jobs/core';
import type { ProcessControls } from '@media-jobs/process';
import type { HallucinationMode } from './hallucination/sift-segments.ts';
import type { ModelInfo } from './model/model-info.ts';
import type { Transcript } from './transcript.ts';

/** How one file is transcribed. */
export interface TranscribeOptions extends ProcessControls {
  /** A Whisper code, an English name, or `auto` to listen for it. Default `auto`. */
  readonly language?: string;
  /** True, or a name of English: into English, the only target there is. Default false. */
  readonly translate?: boolean | string;
  /** What is done about segments that are likely made up. Default `flag`. */
  readonly hallucinations?: HallucinationMode;
  /** Words that set the tone: names, spellings, the sentence before. At most 2,000 characters. */
  readonly prompt?: string;
  /** Overrides the one of the transcriber. */
  readonly beamSize?: number;
  /** Longest run, without waiting and loading. Default: by the length of the audio, 45 minutes at least. */
  readonly timeoutMs?: number;
  /** Longest time without progress. Default: by the size of the model and the length of the audio, two minutes at least. */
  readonly stallTimeoutMs?: number;
  /** Ratio 0..1 of the audio, never falling; 1 at the end. */
  readonly onProgress?: (ratio: number) => void;
  /** Segments while they are found, in order. The transcript holds them all again. */
  readonly onSegment?: (segment: Segment) => void;
}

/** Turns speech into text with one model. Disposing of it aborts what runs and resolves when no engine is left. */
export interface Whisper extends AsyncDisposable {
  /** Name of the engine in use. */
  readonly engine: string;
  /** Beams that a run uses when it does not say: 1 where the engine is greedy. */
  readonly beamSize: number;
  /** For a health page: the engine, and the model. */
  readonly healthChecks: readonly HealthCheck[];
  /**
   * Transcribes a WAV file of 16 kHz, mono, 16-bit PCM, such as `prepareSpeech` of `@media-jobs/ffmpeg` makes. Runs one
   * at a time; others wait in order. Throws `INVALID_OPTION`, `UNSUPPORTED_LANGUAGE`, `MODEL_*`, `INPUT_*`,
   * `UNSUPPORTED_FORMAT`, `CORRUPT` or `TRUNCATED` before any work; `ENGINE_*`, `PROGRAM_*`, `MEMORY_SHORT`, `STALLED`,
   * `TIMEOUT`, `ABORTED` or `CLOSED` after the engine is gone.
   */
  transcribe(wavFile: string, options?: TranscribeOptions): Promise<Transcript>;
  /** Ends the engine after the runs asked for so far, and shows it. Null when none is loaded. */
  unload(): Promise<ReleaseReceipt | null>;
  /** Milliseconds that loading and one run of so much audio may take before they count as hung. */
  timeLimitMs(durationSeconds: number): number;
  /** Whether the model can do it. Throws `UNSUPPORTED_LANGUAGE`, `MODEL_MISSING` or `MODEL_INVALID`; returns the code that the engine will be given, or `auto`. */
  chooseLanguage(language: string, translate: boolean | string): Promise<string>;
  /** What the model is. The checksum is computed once for each state of the file. */
  modelInfo(): Promise<ModelInfo>;
  /** Whether model and engine work here, and what to do when not. Loads the engine, not the model. */
  check(signal?: AbortSignal): Promise<HealthReport>;
}

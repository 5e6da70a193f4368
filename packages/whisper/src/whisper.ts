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
  /** Segments while they are found, in order, also where chunks of long audio are heard side by side. The transcript holds them all again. */
  readonly onSegment?: (segment: Segment) => void;
  /**
   * A folder that exists and outlives this process: finished chunks of long audio are kept there, and a later call with the
   * same audio, model and options goes on after them. It is the caller's to delete. Default: none.
   */
  readonly checkpointFolder?: string;
  /** A folder that exists, for chunks of long audio (19 MB at a time by default); they are deleted, the folder is not. Default: one of its own in the system's temp folder. */
  readonly tempFolder?: string;
}

/** Turns speech into text with one model. Disposing of it aborts what runs and resolves when no engine is left. */
export interface Whisper extends AsyncDisposable {
  /** Name of the engine in use. */
  readonly engine: string;
  /** Why it is this one, in one sentence. */
  readonly engineReason: string;
  /** Beams that a run uses when it does not say: 1 where the engine is greedy. */
  readonly beamSize: number;
  /** Longer audio is heard in chunks of at most this. */
  readonly chunkSeconds: number;
  /** Whether the encoder looks at no more than the audio. */
  readonly fitContext: boolean;
  /** For a health page: the engine, and the model. */
  readonly healthChecks: readonly HealthCheck[];
  /**
   * Transcribes a WAV file of 16 kHz, mono, 16-bit PCM, such as `prepareSpeech` of `@media-jobs/ffmpeg` makes. Runs one
   * at a time; others wait in order. Audio longer than `chunkSeconds` is cut in pauses and heard chunk by chunk, in constant memory. Throws `INVALID_OPTION`, `UNSUPPORTED_LANGUAGE`, `MODEL_*`, `INPUT_*`,
   * `UNSUPPORTED_FORMAT`, `CORRUPT` or `TRUNCATED` before any work; `ENGINE_*`, `PROGRAM_*`, `MEMORY_SHORT`, `STALLED`,
   * `TIMEOUT`, `ABORTED` or `CLOSED` after the engine is gone.
   */
  transcribe(wavFile: string, options?: TranscribeOptions): Promise<Transcript>;
  /**
   * Transcribes as `transcribe` does, and is read: `for await (const segment of whisper.stream(file))`. It starts with the first
   * read; while nobody reads, no further chunk of long audio is begun; who leaves the loop aborts it, and is back when the
   * engine is gone. Returns the transcript (the `value` of the last `next()`).
   */
  stream(wavFile: string, options?: Omit<TranscribeOptions, 'onSegment'>): AsyncGenerator<Segment, Transcript, void>;
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

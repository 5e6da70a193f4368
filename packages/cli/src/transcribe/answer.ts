import type { Segment } from '@media-jobs/core';

/** What `--format json` prints. */
export interface Answer {
  readonly jobId: string;
  /** Answered from the cache; nothing was run. */
  readonly cached: boolean;
  readonly text: string;
  /** A Whisper code; `und` where silence was to tell it. */
  readonly language: string;
  readonly durationSeconds: number;
  /** Times in seconds. */
  readonly segments: readonly Segment[];
  /** What was looked for, marked and left out because nobody said it. */
  readonly hallucinations: Readonly<Record<string, unknown>>;
  /** Absolute paths by name. They belong to the job and are gone with it. */
  readonly files: Readonly<Record<string, string>>;
  /** Milliseconds of the run that made the result. */
  readonly timings: Readonly<Record<string, number>>;
  /** Shows that the engine's memory is back; null when none was needed, because the audio is silent. */
  readonly release: Readonly<Record<string, unknown>> | null;
  readonly engine: string;
  readonly model: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

import type { JobRecord, JobState } from '../job/job.ts';

/** A file that belongs to a completed job. */
export interface StepFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mediaType?: string | undefined;
}

/** A job that a running attempt has asked for. */
export interface StepJob {
  readonly id: string;
  readonly generation: number;
  /** It was completed already. */
  readonly cached: boolean;
  /** The state now, then every change, to the final state. Throws `JOB_EXPIRED`, `EPOCH_PASSED`, `CLOSED`, and what `signal` aborted with. */
  events(options: { readonly signal: AbortSignal }): AsyncIterable<{ readonly state: JobState; readonly progress: number; readonly phase: string; readonly parts?: readonly unknown[] }>;
  /** Throws `JOB_EXPIRED`. */
  record(): Promise<JobRecord>;
  /** What the operation returned, as its schema gives it. Rejects with the job's own error. */
  result(): Promise<unknown>;
  /** By name. Throws `JOB_NOT_READY`, `JOB_EXPIRED`. */
  files(): Promise<Readonly<Record<string, StepFile>>>;
  /** The asker needs it no more; it goes on. */
  leave(): void;
  /** The asker gives it up: it is cancelled, and waited for until `signal` aborts, unless somebody else asked for it first or still waits. */
  abandon(signal: AbortSignal): Promise<void>;
}

/** Jobs that an attempt asks for, with namespace, priority and correlation id of its own job. */
export interface StepJobs {
  /** Aborts, with `CLOSED`, when this process takes no more work: what is in line is then done by others, and not to be waited for. */
  readonly closing: AbortSignal;
  /**
   * As `MediaJobs.submit`. An input file that is one of `files`, or one of the asker's own inputs, is neither read nor copied: the job
   * gets a second name for it. Throws as `MediaJobs.submit` does; `INPUT_MISSING` where such a file has just expired.
   */
  submit(operation: string, input: unknown, files?: readonly StepFile[]): Promise<StepJob>;
  /** The job that `submit` would find in the store, whatever its state; null where there is none. Puts nothing in line. */
  find(operation: string, input: unknown, files?: readonly StepFile[]): Promise<StepJob | null>;
  /** Waits on the clock of the media jobs. Rejects with the signal's reason. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

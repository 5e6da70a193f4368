import type { Logger } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import type { z } from 'zod';
import type { HealthCheck } from './health-check.ts';
import type { StepJobs } from './step-jobs.ts';

/** Limits and defaults of one operation. */
export interface OperationLimits {
  /** Soft limit: `attempt.signal` aborts. */
  readonly softTimeoutMs: number;
  /** Hard limit: `attempt.kill` aborts, and the process tree is killed at once. At least the soft limit. */
  readonly hardTimeoutMs: number;
  /** Charged attempts, the first included. Default 3. */
  readonly maxAttempts?: number;
  /** Base of the exponential back-off with full jitter. Default 1,000 ms. */
  readonly retryBaseMs?: number;
  /** The longest delay between two attempts. Default 600,000 ms. */
  readonly retryCapMs?: number;
  /** At a time in one process. Default: half the cores, at least 1. */
  readonly concurrency?: number;
  /** In line in one store. Default 100. */
  readonly maxWaiting?: number;
}

/** Where an attempt puts the files that shall stay. */
export interface ArtifactFolder {
  /** The folder of this claim; it exists. */
  readonly folder: string;
  /** Records a file in the folder as a result, with its size and sha256. Throws `EMPTY_OUTPUT` when it is not there or empty. */
  add(name: string, mediaType?: string): Promise<void>;
}

/** What a running attempt is given. */
export interface Attempt {
  readonly jobId: string;
  readonly generation: number;
  /** 1 for the first. */
  readonly number: number;
  /** Of the submit, for what is asked of other services; null where it had none. */
  readonly correlationId: string | null;
  /** Aborts at the soft limit, on cancel, on shutdown, and when the claim is lost. */
  readonly signal: AbortSignal;
  /** Aborts at the hard limit: whatever runs is killed. */
  readonly kill: AbortSignal;
  /** `signal`, `kill`, usage and logger in one bag, to be spread into the options of a tool. */
  readonly controls: ProcessControls;
  /** A folder that is gone when the attempt has ended, however it ends. */
  readonly tempFolder: string;
  /**
   * A folder for finished parts of the work, which later attempts of the job find again; it goes with the job's input, once
   * that is needed no more. Null where the job has no input files and its operation does not ask for it by `checkpoints`. A claim that was lost may still write while the next
   * one reads: write under another name, rename, and check what is read.
   */
  readonly checkpointFolder: string | null;
  readonly artifacts: ArtifactFolder;
  /** Other jobs, for work that is made of them; see `definePipeline`. */
  readonly jobs: StepJobs;
  readonly log: Logger;
  /** Ratio 0..1 of the whole job; a lower one than before is ignored. */
  report(progress: { readonly ratio: number; readonly phase: string }): void;
  /** Shows a part of the result, such as a sentence, to those who follow the job in this process. Nothing keeps it: the result holds it again. */
  share(part: unknown): void;
  /** Lengthens the limits of this attempt for work that turns out longer: soft becomes at least this, hard the same distance above. */
  allow(softTimeoutMs: number): void;
}

/** A typed unit of work. Make one with `defineOperation`. */
export interface Operation<Name extends string = string, Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly name: Name;
  /** Part of the identity: raise it when the same input gives another result. */
  readonly version: number;
  readonly input: Input;
  readonly output: Output;
  readonly limits: OperationLimits;
  /** What else the result depends on, such as the sha256 of a model. Part of the identity; must survive JSON. */
  identityFacts?(input: z.output<Input>): Promise<Readonly<Record<string, unknown>>>;
  /** Does the work. File fields of `input` hold absolute paths of the job's own copies. */
  run(input: z.output<Input>, attempt: Attempt): Promise<z.input<Output>>;
  /** What this operation needs to work. */
  readonly healthChecks?: readonly HealthCheck[];
  /** Gives attempts a `checkpointFolder` also where the job has no input files: for work that brings its input itself. Default false. */
  readonly checkpoints?: boolean;
  /** Operations whose jobs it asks for; they must be registered beside it. */
  readonly uses?: readonly Operation[];
  /** Called when a job was cancelled while nobody worked on it: what it had asked for is to be cancelled as well. */
  onCancelled?(input: z.output<Input>, jobs: StepJobs): Promise<void>;
}

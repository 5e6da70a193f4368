import type { SerializedError } from '@media-jobs/foundation';
import type { Artifact, InputFile, JobPolicy, JobRecord, JobState, JobUsage } from '../job/job.ts';

/** Names a job and the dispatch that it was handed out under. All that a queue ever carries. */
export interface JobPointer {
  readonly id: string;
  readonly sequence: number;
  readonly epoch: string;
}

/** Names one claim on one job. Every write of a worker carries it. */
export interface ClaimKey {
  readonly id: string;
  readonly token: string;
}

/** A job that is asked for. Its inputs already lie in `inputFolder`. */
export interface SubmitRequest {
  /** The epoch in which the inputs were staged. */
  readonly epoch: string;
  readonly id: string;
  readonly digest: string;
  readonly namespace: string;
  readonly operation: string;
  readonly operationVersion: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly InputFile[];
  readonly inputFolder: string | null;
  readonly policy: JobPolicy;
  readonly priority: number;
  readonly correlationId: string | null;
  /** Jobs of this operation that may stand in line (`queued` and `retrying`); a new one beyond it is refused. */
  readonly maxWaiting: number;
  /** Run a completed job again. */
  readonly fresh: boolean;
  /**
   * The generation of a completed record that was found unusable (a file is gone, the output does not fit its schema):
   * if the record still is that generation it runs again as if it were absent.
   */
  readonly discardGeneration?: number;
}

/**
 * What became of a submit. `applySubmit` decides it.
 *
 * - `created`: there was no such job, or it was being deleted. `restarted`: it had ended, or was completed and past its
 *   time, and runs again as a new generation. The folders of the run before are the sweep's.
 * - `existing`: it is in line, running (perhaps to be cancelled: see `cancelRequested`), or completed; the inputs that
 *   were staged for it are not used.
 * - `refused`: nothing was written, because the epoch has passed, the line is full, or another identity has the same id.
 */
export type SubmitOutcome =
  | { readonly kind: 'created' | 'restarted' | 'existing'; readonly record: JobRecord }
  | { readonly kind: 'refused'; readonly reason: 'epoch-passed' | 'queue-full' | 'id-collision'; readonly retryAfterMs?: number };

/** What a worker asks for: these pointers, or whatever is in line, highest priority first, then longest in its generation. */
export interface ClaimRequest {
  readonly owner: string;
  readonly leaseMs: number;
  /** Only jobs of these operations, with pointers as well. */
  readonly operations: readonly string[];
  /** Only these dispatches, in this order; one of another epoch, with another number, or of a job not in line is skipped. */
  readonly pointers?: readonly JobPointer[];
  /** At most this many. */
  readonly limit: number;
}

/** A job that was claimed: the record as it stands after the claim, which is never null in it. */
export interface ClaimedJob {
  readonly record: JobRecord;
  readonly key: ClaimKey;
}

/** One beat for one claim. A lower ratio than what stands is ignored; the phase is taken as it comes. */
export interface Heartbeat extends ClaimKey {
  readonly progress?: { readonly ratio: number; readonly phase: string };
}

/** `lost`: the claim has passed on, or the epoch; stop and discard. `cancel`: stop, then commit `cancelled`; the lease is prolonged. */
export type HeartbeatReply = 'ok' | 'lost' | 'cancel';

/**
 * How an attempt ended.
 *
 * `retry` puts the job back in line after `delayMs`; it is charged unless `charged` is false. The store makes it `failed`,
 * and a dead letter, when the budget is used up, so a worker says `retry` for every error that can pass and
 * `failed` only for one that cannot. It ends `cancelled` when that was asked for meanwhile.
 * `usage` is of this attempt alone; the store adds up and measures `waitingMs` itself.
 */
export type Outcome =
  | { readonly kind: 'completed'; readonly output: unknown; readonly artifacts: readonly Artifact[]; readonly outputFolder: string; readonly usage: JobUsage }
  | { readonly kind: 'retry'; readonly error: SerializedError; readonly delayMs: number; readonly charged: boolean; readonly usage: JobUsage; readonly logTail?: readonly string[] }
  | { readonly kind: 'failed'; readonly error: SerializedError; readonly usage: JobUsage; readonly logTail?: readonly string[] }
  | { readonly kind: 'cancelled'; readonly usage: JobUsage };

/** `committed` is false when the claim or the epoch has passed: whatever was made must be discarded. */
export interface CommitReply {
  readonly committed: boolean;
  /** The record after the commit; null when it was refused. */
  readonly record: JobRecord | null;
  /** Jobs claimed in the same trip, also when the commit was refused: the worker is free either way. */
  readonly next: readonly ClaimedJob[];
}

/** What `due` looks for; each is moved in the act. */
export type DueKind = 'lease' | 'retry' | 'dispatch';

export interface DueRequest {
  readonly limit: number;
  /** For `lease`: claims of these owners lapse at once, whatever their lease says. */
  readonly deadOwners?: readonly string[];
  /** For `dispatch`: jobs that have stood in line for at least this long. */
  readonly olderThanMs?: number;
}

/** A job that `due` moved, or, for `dispatch`, found standing in line; `state` is the one after the move. */
export interface DueJob {
  readonly pointer: JobPointer;
  readonly operation: string;
  readonly state: JobState;
  readonly priority: number;
}

/** An ended job that is past its time, marked `expiring`. Delete its folders, then purge with the token. */
export interface TakenJob {
  readonly id: string;
  readonly takeToken: string;
  /** Folders that the record names, relative to the work folder. */
  readonly folders: readonly string[];
  readonly bytes: number;
}

/** Which jobs; every field narrows. */
export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly operation?: string;
  readonly namespace?: string;
  readonly deadLetter?: boolean;
}

export interface PageRequest {
  /** At most this many records; 1..1000. */
  readonly limit: number;
  /** From the page before; absent for the first. */
  readonly cursor?: string;
}

/** Newest first. `cursor` is absent on the last page. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  readonly cursor?: string;
}

/** Counts over all jobs of the present epoch. */
export interface StoreStats {
  readonly byState: Readonly<Record<JobState, number>>;
  readonly deadLetters: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Cached results that could not be given out, because a file was gone or the output did not fit its schema. */
  readonly cacheUnusable: number;
  /** Records set aside because they could not be read. */
  readonly corrupt: number;
  /** Files that records name: results, and inputs that are still kept. */
  readonly files: number;
  readonly bytes: number;
  /** Time in line of the queued job that has stood there longest; null when none waits. */
  readonly oldestWaitingMs: number | null;
  readonly byOperation: Readonly<Record<string, OperationStats>>;
}

/** Counts of one operation; times are of the completed jobs that are still kept. */
export interface OperationStats {
  /** `queued` and `retrying`. */
  readonly waiting: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly totalWallMs: number;
  readonly maxWallMs: number;
}

/** A hint that a job moved. It may be late, doubled or missing: read the record for the truth. */
export interface StoreChange {
  readonly id: string;
  readonly generation: number;
  readonly state: JobState;
  readonly progress: number;
  readonly phase: string;
  /** Tells the worker of a running job at once what it would else learn by the next beat. */
  readonly cancelRequested?: boolean;
}

/** What became of a look into the cache. */
export type LookupKind = 'hit' | 'miss' | 'unusable';

/** Settings that all processes on one store should share. */
export interface SharedSettings {
  readonly ttlMs: number;
  readonly cleanupIntervalMs: number;
}

export interface StoreCapabilities {
  /** Several processes may open it at once. */
  readonly multiProcess: boolean;
  /** It survives the end of the process. */
  readonly durable: boolean;
}

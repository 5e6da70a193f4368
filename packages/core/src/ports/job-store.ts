import type { JobRecord } from '../job/job.ts';
import type {
  ClaimKey, ClaimRequest, ClaimedJob, CommitReply, DueJob, DueKind, DueRequest, Heartbeat, HeartbeatReply, JobFilter, JobPage, LookupKind, Outcome, PageRequest, SharedSettings, StoreCapabilities, StoreChange, StoreStats, SubmitOutcome, SubmitRequest, TakenJob,
} from './store-messages.ts';

/** A module and the factory of stores that it exports, with options that survive a message between threads. */
export interface StoreReopening {
  /** URL of the module. */
  readonly module: string;
  readonly factory: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Where jobs are kept: **the only truth** about them.
 *
 * A store keeps and finds records; what a move does to one is said once, by the functions in `job/` (`applySubmit`,
 * `applyClaim`, `applyCommit`, …), which every store that runs JavaScript shares.
 * Every method is one atomic act, safe from any number of callers; a store that several processes may open says so in
 * `capabilities`. A record of an older epoch counts as absent everywhere. Time is the server's where there is one, else
 * the clock's. Records that cannot be read are set aside, counted and treated as absent.
 * Any method throws `STORE_UNAVAILABLE` when the store does not answer; nothing has then been promised. After disposal,
 * which may be repeated, every method throws `CLOSED`.
 */
export interface JobStore extends AsyncDisposable {
  readonly specVersion: 1;
  readonly capabilities: StoreCapabilities;
  /** How another thread opens the same store; absent where none can. */
  readonly reopen?: StoreReopening;

  /** The present epoch: an id that sorts by creation. Drawn when the store is first used. */
  epoch(): Promise<string>;

  /** Accepts the job, joins one that is there, or refuses. Compares the epoch that the inputs were staged in. */
  submit(request: SubmitRequest): Promise<SubmitOutcome>;

  /**
   * The record, or null when there is none in this epoch. An ended job past its time to live, by the store's time, is told
   * as `expiring` (`asRead`), also before a pass has taken it.
   */
  get(id: string): Promise<JobRecord | null>;

  /** Newest record first. Throws `INVALID_OPTION` for a limit outside 1..1000 or a cursor that is none. */
  list(filter: JobFilter, page: PageRequest): Promise<JobPage>;

  /** Takes jobs out of the line, each with a token that is unique for ever. Charges an attempt. */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;

  /** Prolongs the leases and writes the progress of many claims in one trip. Replies stand in the order of the beats. */
  heartbeat(beats: readonly Heartbeat[], leaseMs: number): Promise<readonly HeartbeatReply[]>;

  /** Ends an attempt, if the claim and the epoch still hold; may claim the next job in the same trip. */
  commit(key: ClaimKey, outcome: Outcome, next?: ClaimRequest): Promise<CommitReply>;

  /** Gives a claim back: the job is in line again and the attempt refunded. False when the claim had passed. */
  release(key: ClaimKey): Promise<boolean>;

  /**
   * `cancelled`: it waited and has now ended. `requested`: it runs; its worker learns it by the next beat.
   * `ended`: it had ended before. `absent`: there is no such job.
   */
  requestCancel(id: string): Promise<'cancelled' | 'requested' | 'ended' | 'absent'>;

  /**
   * Moves what is due and tells which: `lease` — running jobs whose lease has passed go back in line, or become dead
   * letters after `maxLosses`; `retry` — retrying jobs whose time has come go in line; `dispatch` — jobs in line, to be
   * handed to the queue again (not moved).
   */
  due(kind: DueKind, request: DueRequest): Promise<readonly DueJob[]>;

  /**
   * Marks ended jobs past their time `expiring` and hands them out, each with a token, longest overdue first. One that
   * was taken and not purged within `takeAgainAfterMs` is handed out again with a new token.
   */
  takeExpired(limit: number): Promise<readonly TakenJob[]>;

  /** Deletes an `expiring` record, if the token is still the one that was drawn last. Files come first. */
  purge(id: string, takeToken: string): Promise<boolean>;

  /** Marks a job that has ended `expiring` at once, and hands it out as `takeExpired` does, also one that was taken before. Null when it has not ended. */
  takeNow(id: string): Promise<TakenJob | null>;

  /** Puts a failed job in line as a new generation with a full budget, its input as it was. Null when it is not failed. */
  redrive(id: string): Promise<JobRecord | null>;

  stats(): Promise<StoreStats>;

  /** Counts for `stats`: an answer from the cache, a job that had to run, a cached result that could not be given out. */
  countLookup(kind: LookupKind): Promise<void>;

  /**
   * Calls back on changes, soon after them, until it is ended. A hint only. The listener must not throw. `cancels`: it needs to hear
   * of running jobs only that are to be cancelled, and a store that can tell those apart spares it, and itself, the rest.
   */
  watch(listener: (change: StoreChange) => void, only?: 'cancels'): Disposable;

  /**
   * Calls back soon after a reset, until it is ended. A hint only, and absent where the store has none to give. The listener must
   * not throw. Workers of a fleet then ask for the epoch seldom, and not each once a second.
   */
  watchEpoch?(listener: () => void): Disposable;

  /** A new epoch, in one atomic act: everything older is dead to everybody at once. Returns the new epoch. */
  reset(): Promise<string>;

  /**
   * Deletes up to `limit` records of older epochs; tells how many went and how many are left. With 0 it only counts.
   * `flushed` says that a reset of this handle emptied a whole database since; what went with that counts as removed here.
   */
  collect(limit: number): Promise<{ readonly removed: number; readonly left: number; readonly flushed?: boolean }>;

  /** Writes down the settings of this process and returns those in force before, or null for the first process. */
  shareSettings(settings: SharedSettings): Promise<SharedSettings | null>;

  /** Resolves when the store answers. */
  ping(): Promise<void>;
}

import type { JobPointer } from './store-messages.ts';

/** A dispatch: the pointer and how it should be ordered. */
export interface Dispatch {
  readonly pointer: JobPointer;
  readonly operation: string;
  /** Higher goes first. */
  readonly priority: number;
  /**
   * The store still has it in line though it may have been handed in before. A queue that keeps what has ended then takes
   * the pointer anew, if it finds it among that; one that waits or runs stays as it is.
   */
  readonly again?: boolean;
}

/**
 * Runs one dispatched job to its end. It never rejects; the slot is held until it resolves. `signal` aborts when the queue
 * no longer knows that this process works on the pointer, and may hand it to another.
 */
export type DispatchHandler = (pointer: JobPointer, operation: string, signal?: AbortSignal) => Promise<void>;

export interface QueueCapabilities {
  /**
   * It survives this process, and other processes hand in and take out too; depth, purge and pause are then of all of them.
   * Where it does not, whoever consumes asks the store for work as well, so that several processes can share one store.
   */
  readonly shared: boolean;
}

/**
 * Hands pointers to workers, so many at a time. It is not the truth about any job: it may lose everything and deliver
 * twice, and the store and its claims make both harmless.
 */
export interface JobQueue extends AsyncDisposable {
  readonly specVersion: 1;
  readonly capabilities: QueueCapabilities;

  /**
   * Takes a pointer in. The same pointer twice is one; a higher `sequence` of the same job counts as new. Throws
   * `QUEUE_UNAVAILABLE` within seconds when what lies beneath does not answer, and may throw `CLOSED` after `close`.
   */
  dispatch(dispatch: Dispatch): Promise<void>;

  /** Starts to hand out, up to `concurrency[operation]` at a time, and takes nothing out that no handler is free for. Once per queue. */
  consume(handler: DispatchHandler, concurrency: Readonly<Record<string, number>>): Promise<void>;

  /** What is in line and what is held by a handler, in this queue's own view. */
  depth(): Promise<{ readonly waiting: number; readonly running: number }>;

  /** Drops what is in line, and what is kept of ended work, and tells how many were in line. Running handlers go on, and it is not paused by it. */
  purge(): Promise<number>;

  /** Forgets what is kept of work that ended at least so long ago; tells how many entries that were. */
  forget(olderThanMs: number): Promise<number>;

  /** Hands nothing out until `resume`; running handlers go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;

  /**
   * Hands out nothing more and resolves when the handlers have ended, or after `deadlineMs`, also when what lies beneath
   * does not answer. Idempotent. Connections end with disposal, which is bounded too.
   */
  close(options: { readonly deadlineMs: number }): Promise<void>;
}

import type { JobPointer } from './store-messages.ts';

/** A dispatch: the pointer and how it should be ordered. */
export interface Dispatch {
  readonly pointer: JobPointer;
  readonly operation: string;
  /** Higher goes first. */
  readonly priority: number;
}

/** Runs one dispatched job to its end. It never rejects; the slot is held until it resolves. */
export type DispatchHandler = (pointer: JobPointer, operation: string) => Promise<void>;

export interface QueueCapabilities {
  /**
   * It survives this process, and other processes hand in and take out too. Where it does not, whoever consumes asks
   * the store for work as well, so that several processes can share one store.
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

  /** Takes a pointer in. The same pointer twice is one; a higher `sequence` of the same job counts as new. */
  dispatch(dispatch: Dispatch): Promise<void>;

  /** Starts to hand out, up to `concurrency[operation]` at a time. Once per queue. */
  consume(handler: DispatchHandler, concurrency: Readonly<Record<string, number>>): Promise<void>;

  /** What is in line and what is held by a handler, in this queue's own view. */
  depth(): Promise<{ readonly waiting: number; readonly running: number }>;

  /** Drops what is in line and tells how many that were. Running handlers go on. */
  purge(): Promise<number>;

  /** Hands nothing out until `resume`; running handlers go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;

  /** Hands out nothing more and resolves when the handlers have ended, or after `deadlineMs`. Idempotent. */
  close(options: { readonly deadlineMs: number }): Promise<void>;
}

import type { FileStore, StoredFile } from '../ports/file-store.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { StoreCapabilities } from '../ports/store-messages.ts';

/** One thing that an adapter must do. It runs under any test runner: it resolves, or rejects with an assertion error. */
export interface ConformanceCase<Harness> {
  /** A sentence. It names the guard of the model where it shows one. */
  readonly name: string;
  /** Only for stores that have all of these. */
  readonly needs?: readonly (keyof StoreCapabilities)[];
  /** Only for stores that have none of these. */
  readonly lacks?: readonly (keyof StoreCapabilities)[];
  readonly run: (harness: Harness) => Promise<void>;
}

/** How the cases get at a store, and at what lies beneath it. */
export interface JobStoreHarness {
  /** What the store claims of itself; a case compares. */
  readonly capabilities: StoreCapabilities;
  /** A store on fresh, empty data. The case disposes it. */
  readonly create: () => Promise<JobStore>;
  /** Lets this much time pass for every store that was made here, and settles when they know. */
  readonly advance: (ms: number) => Promise<void> | void;
  /**
   * One more handle on the data of a store, which may be open still or disposed. A store that is durable or shared
   * must have it.
   */
  readonly reopen?: (store: JobStore) => Promise<JobStore>;
  /**
   * Overwrites what is stored as the record of this id with a text, past the store's back, and leaves all indexes as
   * they are. A durable store must have it.
   */
  readonly corrupt?: (store: JobStore, id: string, text: string) => Promise<void>;
}

/** How the cases get at a queue. */
export interface JobQueueHarness {
  /** An empty queue. The case closes it. */
  readonly create: () => Promise<JobQueue> | JobQueue;
  /** What has not been handed out after this time is taken not to come. Default 20. */
  readonly quietMs?: number;
}

/** How the cases get at a queue that other processes use as well, and at what lies beneath it. */
export interface SharedQueueHarness extends JobQueueHarness {
  /** Another handle on the line of a queue, as another process would open it. The case closes it. */
  readonly join: (queue: JobQueue) => Promise<JobQueue> | JobQueue;
  /** Takes the server away; disposal brings it back, empty or not. */
  readonly stopServer: () => Promise<AsyncDisposable>;
  /** Makes the queue believe that nobody works on what is handed out. */
  readonly loseSight: (queue: JobQueue) => Promise<void>;
}

/** How the cases get at a file store, and at what lies beneath it. */
export interface FileStoreHarness {
  /** A store that holds nothing. The case disposes it. */
  readonly create: () => Promise<FileStore> | FileStore;
  /** One more handle on what a store holds, as another machine would open it. The case disposes it. */
  readonly join: (store: FileStore) => Promise<FileStore> | FileStore;
  /** Leaves what a process leaves that is killed in the middle of this `put`. */
  readonly leaveUnfinished: (store: FileStore, file: StoredFile, path: string) => Promise<void>;
}

/** Whether a case is meant for stores with these capabilities. */
export function appliesTo(each: Pick<ConformanceCase<unknown>, 'needs' | 'lacks'>, capabilities: StoreCapabilities): boolean {
  return (each.needs ?? []).every((name) => capabilities[name]) && (each.lacks ?? []).every((name) => !capabilities[name]);
}

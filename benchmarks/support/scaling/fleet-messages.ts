/** What a driver is started with. */
export interface DriverTask {
  readonly url: string;
  readonly prefix: string;
  /** Claims that it holds from the beginning. */
  readonly claims: number;
  /** Stores and queues over which those are spread, each with connections of its own. */
  readonly handles: number;
}

/** What each driver does in one step, all of it in a second. */
export interface DriverStep {
  readonly beats: number;
  /** Submits, and as many claims and commits. */
  readonly jobs: number;
  /** Looks for what is due, as each process makes them once a lease. */
  readonly sweeps: number;
  /** Looks at the epoch, as each process makes them while it works. */
  readonly looks: number;
  /** Questions for cancels and resets, of which each process has one under way all the time. */
  readonly waits: number;
  readonly warmUpMs: number;
  readonly forMs: number;
}

/** What came of it. Times as counts of `Latencies`, from the time that each was meant for. */
export interface DriverReport {
  readonly beats: readonly number[];
  /** From the submit until a worker has claimed the job. */
  readonly claims: readonly number[];
  readonly commits: readonly number[];
  /** How late this process itself was. */
  readonly lateness: readonly number[];
  /** Calls that failed or came back lost. */
  readonly failed: number;
  /** Calls that had no answer five seconds after the end. */
  readonly unanswered: number;
  /** Of its time in which this process worked. */
  readonly cpuShare: number;
}

export type FromDriver = { readonly ready: true } | { readonly measuring: true } | { readonly report: DriverReport };

import type { Logger } from '@media-jobs/foundation';

/** What one process cost, sampled a few times a second while it ran: a lower bound. */
export interface ProcessUsage {
  readonly command: string;
  readonly pid: number;
  readonly wallMs: number;
  /** User and system time of the process and its descendants; 0 where the machine does not tell. */
  readonly cpuMs: number;
  /** Largest resident memory of the tree; 0 where the machine does not tell. */
  readonly peakRssBytes: number;
}

/** How the caller steers whatever process a tool starts. Every tool of media-jobs takes these among its options. */
export interface ProcessControls {
  /** Ends the work politely: TERM, TERM again, then KILL, on the whole tree; slower when the reason is a time limit. The call rejects after the exit. */
  readonly signal?: AbortSignal;
  /** Kills the whole tree at once. The call rejects after the exit. */
  readonly kill?: AbortSignal;
  /** Called once for each process, after its exit. */
  readonly onUsage?: (usage: ProcessUsage) => void;
  readonly logger?: Logger;
}

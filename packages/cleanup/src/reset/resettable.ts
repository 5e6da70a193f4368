/** What a target holds. `queue` takes part only when the request asks for queues, `models` only when it asks for models. */
export type ResettableKind = 'jobs' | 'queue' | 'files' | 'models' | 'remote';

/** How far a reset goes: `basic` removes what is expired or orphaned, `deep` removes all jobs and all files. */
export type ResetLevel = 'basic' | 'deep';

/** The parts of a reset, in their order. Each has a deadline of its own. */
export type ResetPhase = 'begin' | 'stop' | 'collect' | 'verify';

/** What was asked for. */
export interface ResetRequest {
  /** Random; names the run in logs and reports. */
  readonly resetId: string;
  readonly level: ResetLevel;
  /** Models are removed as well, at either level. */
  readonly models: boolean;
  /** Waiting lines are emptied as well, at either level. */
  readonly queue: boolean;
  /** New work is turned away from `begin` until `end`. */
  readonly refuseNewWork: boolean;
}

/** What a reset did; all are counts but `bytesFreed`. */
export interface ResetCounts {
  readonly jobsRemoved: number;
  readonly filesDeleted: number;
  readonly bytesFreed: number;
  readonly modelsDeleted: number;
  /** Entries that stood in a waiting line. */
  readonly tasksPurged: number;
  /** Programs of workers that were ended. */
  readonly processesEnded: number;
}

/** What a target is given in each phase. */
export interface ResetControls {
  readonly request: ResetRequest;
  /** Aborts when the deadline of the phase has passed, or the whole reset is given up. End soon then; what is left is counted. */
  readonly signal: AbortSignal;
  /** Adds to the report. Call it as things go, not at the end: a phase that is cut off has then told what it did. */
  readonly add: (done: Partial<ResetCounts>) => void;
  /** One thing that could not be done, by its path or name. Then go on with the rest. */
  readonly fail: (path: string, reason: unknown) => void;
  /** Something for this target's part of the report, such as what a remote service answered. */
  readonly note: (name: string, value: unknown) => void;
}

/** What of before a reset is still there. */
export interface ResetRemains {
  readonly count: number;
  /** Some of it, by name; see `maxListed`. */
  readonly listed: readonly string[];
}

/** Names that a target lists of what it could not remove; more only grow the report. */
export const maxListed = 100;

/**
 * Something that `resetAll` can empty. Each phase begins when the one before has ended for all targets, or was cut off; within
 * a phase targets run side by side, models after all others.
 *
 * Every phase must bear to be repeated, to be cut off, and to run beside the same one in another process: a reset that was
 * killed half-way is finished by the next. What a phase throws stands in the report as one failure of this target, and stops
 * neither the other targets nor its own next phase.
 */
export interface Resettable {
  /** Unique among the targets of one reset. */
  readonly name: string;
  readonly kind: ResettableKind;
  /** One atomic act after which everything older is dead, such as a new epoch. Fast; removes nothing. */
  begin?(controls: ResetControls): Promise<void>;
  /** Aborts what still works on the past, and resolves when it has ended, children included. */
  stop?(controls: ResetControls): Promise<void>;
  /** Removes what belongs to the past; never what is newer than `begin`. May be called again when `count` found something. */
  collect(controls: ResetControls): Promise<void>;
  /** Counts what should be gone and is not. What `fail` named counts here as well, as long as it is there. */
  count(controls: Pick<ResetControls, 'request' | 'signal'>): Promise<ResetRemains>;
  /** Called last, whatever happened: takes new work again. */
  end?(request: ResetRequest): Promise<void>;
}

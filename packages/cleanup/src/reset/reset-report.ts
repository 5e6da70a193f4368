import type { ResetCounts, ResetLevel, ResetRemains, ResettableKind, ResetPhase, ResetRequest } from './resettable.ts';

/** One thing that a reset could not do. */
export interface ResetFailure {
  /** Name of the target. */
  readonly target: string;
  /** A file, or what else could not be removed. */
  readonly path: string;
  readonly reason: string;
}

/** The part of one target in a report. */
export interface ResetTargetReport extends ResetCounts {
  readonly kind: ResettableKind;
  /** What of before is still there. */
  readonly left: ResetRemains;
  /** How many of the report's `errors` are of this target. */
  readonly failures: number;
  readonly wallMs: Readonly<Partial<Record<ResetPhase, number>>>;
  /** Facts of its own, such as the answer of a remote service. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/** What a reset did, in all and per target. */
export interface ResetReport extends ResetCounts {
  readonly resetId: string;
  /** One sentence for people. */
  readonly message: string;
  /** Nothing failed and nothing of before is left. */
  readonly ok: boolean;
  readonly level: ResetLevel;
  /** Milliseconds since 1970, by this machine's clock. */
  readonly startedAt: number;
  readonly wallMs: number;
  /** The whole database was emptied, because it was declared to be the service's own. */
  readonly redisFlushed: boolean;
  /** Waiting lines were emptied; `tasksPurged` says of how many entries. */
  readonly queuePurged: boolean;
  readonly perTarget: Readonly<Record<string, ResetTargetReport>>;
  /** What of before is still there, over all targets. */
  readonly left: number;
  /** One by one; none of them stopped the rest. */
  readonly errors: readonly ResetFailure[];
}

/** Names of the counts, in the order of a report. */
export const countNames = Object.freeze(['jobsRemoved', 'filesDeleted', 'bytesFreed', 'modelsDeleted', 'tasksPurged', 'processesEnded'] as const satisfies readonly (keyof ResetCounts)[]);

export const noCounts: ResetCounts = Object.freeze({ jobsRemoved: 0, filesDeleted: 0, bytesFreed: 0, modelsDeleted: 0, tasksPurged: 0, processesEnded: 0 });

/** The sums of counts. */
export function addCounts(...all: readonly Partial<ResetCounts>[]): ResetCounts {
  return Object.freeze(Object.fromEntries(countNames.map((name) => [name, all.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)])) as unknown as ResetCounts);
}

/** Name of the note by which a target says that it emptied a whole database. */
export const flushedNote = 'flushed';

/** Name of the note by which a target says that it emptied a waiting line. */
export const purgedNote = 'purged';

/** Puts the parts together. */
export function assembleReport(request: ResetRequest, targets: Readonly<Record<string, ResetTargetReport>>, errors: readonly ResetFailure[], times: { readonly startedAt: number; readonly wallMs: number }): ResetReport {
  const parts = Object.values(targets);
  const counts = addCounts(...parts);
  const left = parts.reduce((sum, part) => sum + part.left.count, 0);
  const ok = errors.length === 0 && left === 0;
  return Object.freeze({
    resetId: request.resetId,
    message: messageOf(counts, ok, errors.length, left),
    ok,
    level: request.level,
    ...times,
    ...counts,
    redisFlushed: parts.some(({ notes }) => notes[flushedNote] === true),
    queuePurged: parts.some(({ notes }) => notes[purgedNote] === true),
    perTarget: Object.freeze(targets),
    left,
    errors: Object.freeze([...errors]),
  });
}

function messageOf({ jobsRemoved, filesDeleted, bytesFreed, modelsDeleted }: ResetCounts, ok: boolean, failures: number, left: number): string {
  const removed = `${jobsRemoved} jobs and ${filesDeleted} files (${(bytesFreed / 1024 / 1024).toFixed(1)} MiB) removed${modelsDeleted === 0 ? '' : `, ${modelsDeleted} models among them`}`;
  return ok ? `The reset is complete: ${removed}.` : `The reset is incomplete: ${removed}; ${failures} failures, ${left} things of before are left.`;
}

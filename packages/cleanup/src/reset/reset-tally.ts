import { MediaJobError } from '@media-jobs/foundation';
import { addCounts, countNames, noCounts, type ResetFailure, type ResetTargetReport } from './reset-report.ts';
import type { ResetCounts, ResetPhase, ResetRemains, Resettable } from './resettable.ts';

/** `verify` counts only: what fails in it is a failure of the collecting that it repeats. */
type FailedPhase = Exclude<ResetPhase, 'verify'> | 'end';

/** What one target has told so far. */
export interface ResetTally {
  readonly target: Resettable;
  readonly add: (done: Partial<ResetCounts>) => void;
  readonly note: (name: string, value: unknown) => void;
  /** One path is one failure of a phase, however often it fails. */
  readonly fail: (phase: FailedPhase, path: string, reason: unknown) => void;
  /** Forgets what could not be collected, because it is tried again. */
  readonly forgive: () => void;
  readonly failures: (phase?: FailedPhase) => readonly ResetFailure[];
  readonly counts: () => ResetCounts;
  readonly took: (phase: ResetPhase, wallMs: number) => void;
  readonly remains: (remains: ResetRemains) => void;
  readonly report: () => ResetTargetReport;
}

export function createResetTally(target: Resettable): ResetTally {
  const failures = new Map<FailedPhase, Map<string, string>>();
  const notes: Record<string, unknown> = {};
  const wallMs: Partial<Record<ResetPhase, number>> = {};
  const sums = { ...noCounts };
  let left: ResetRemains = { count: 0, listed: [] };
  const list: ResetTally['failures'] = (phase) =>
    [...failures].flatMap(([of, paths]) => (phase === undefined || of === phase ? Array.from(paths, ([path, reason]) => ({ target: target.name, path, reason })) : []));
  return {
    target,
    // It is called for every file: nothing is made here.
    add(done) {
      for (const name of countNames) sums[name] += done[name] ?? 0;
    },
    note: (name, value) => void (notes[name] = value),
    fail(phase, path, reason) {
      const ofPhase = failures.get(phase) ?? new Map<string, string>();
      failures.set(phase, ofPhase.set(path, reasonText(reason)));
    },
    forgive: () => void failures.delete('collect'),
    failures: list,
    counts: () => addCounts(sums),
    took: (phase, ms) => void (wallMs[phase] = Math.round((wallMs[phase] ?? 0) + ms)),
    remains: (found) => void (left = found),
    report: () => Object.freeze({ kind: target.kind, ...sums, left, failures: list().length, wallMs, notes }),
  };
}

function reasonText(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  const { code } = Object(reason) as { code?: unknown };
  return MediaJobError.isInstance(reason) || typeof code !== 'string' ? MediaJobError.from(reason).message : code;
}

import { MediaJobError, type Clock, type Timer } from '@media-jobs/foundation';

/** Why an attempt is stopped before its time. One further down the list outranks those above it. */
const ranks = ['interrupted', 'timeout', 'cancelled', 'lost'] as const;
export type StopKind = (typeof ranks)[number];

/** A stop: its kind decides what becomes of the job, its error is what the work is told. */
export interface Stop {
  readonly kind: StopKind;
  readonly error: MediaJobError;
}

/** The two signals that an attempt is steered by. Disposal, when the work has ended, keeps the reasons and stops the timers. */
export interface StopSignals extends Disposable {
  /** Asks the work to end. */
  readonly signal: AbortSignal;
  /** Has everything killed that still runs. */
  readonly kill: AbortSignal;
  /** Aborts `signal` now; `kill` follows, unless it is a matter of time limits, which have a hard one of their own. */
  stop(stop: Stop): void;
  /** Aborts both now. */
  killNow(stop: Stop): void;
  /** What outranks all else that stopped it; undefined while it runs. */
  reason(): Stop | undefined;
}

/** The tools send KILL 700 ms after an abort; this is for work that is not one of theirs. */
export const killAfterStopMs = 1_000;

/** Work that has not ended this long after `kill` is reported as stuck. */
export const stuckAfterKillMs = 10_000;

export interface StopSignalsOptions {
  readonly clock: Clock;
  /** Called once, when the work has outlived `kill` by `stuckAfterKillMs`. */
  readonly onStuck: () => void;
}

export function createStopSignals({ clock, onStuck }: StopSignalsOptions): StopSignals {
  const soft = new AbortController();
  const hard = new AbortController();
  let strongest: Stop | undefined;
  let timer: Timer | undefined;
  let ended = false;
  const killNow = (stop: Stop): void => {
    note(stop);
    if (!soft.signal.aborted) soft.abort(stop.error);
    if (hard.signal.aborted || ended) return;
    timer?.cancel();
    timer = clock.after(stuckAfterKillMs, onStuck);
    hard.abort(stop.error);
  };
  const note = (stop: Stop): void => {
    if (strongest === undefined || ranks.indexOf(stop.kind) > ranks.indexOf(strongest.kind)) strongest = stop;
  };
  return {
    signal: soft.signal,
    kill: hard.signal,
    stop(stop) {
      note(stop);
      // An abort for time gives the work longer to close its files; a wish that comes later does not wait for that.
      if (stop.kind !== 'timeout' && !hard.signal.aborted && timer === undefined && !ended) timer = clock.after(killAfterStopMs, () => killNow(stop));
      if (!soft.signal.aborted) soft.abort(stop.error);
    },
    killNow,
    reason: () => strongest,
    [Symbol.dispose]() {
      ended = true;
      timer?.cancel();
    },
  };
}

/** The stops that do not come from a clock. */
export const stops = Object.freeze({
  lost: (): Stop => ({ kind: 'lost', error: new MediaJobError('CLAIM_LOST', { message: 'Expected to hold the claim on the job, got word that it has passed on.', advice: 'Nothing: whoever holds it now goes on; what was made here is discarded.' }) }),
  cancelled: (): Stop => ({ kind: 'cancelled', error: new MediaJobError('CANCELLED', { message: 'Expected to finish the job, got a request to cancel it.', advice: 'Submit it again if that was not meant.' }) }),
  takenAway: (): Stop => ({ kind: 'interrupted', error: new MediaJobError('INTERRUPTED', { message: 'Expected the queue to know that this process works on the job, got word that it does not any more.', advice: 'Nothing: the job is in line again, and the attempt is not counted. An event loop that is blocked for long is a common cause.' }) }),
  interrupted: (): Stop => ({ kind: 'interrupted', error: new MediaJobError('INTERRUPTED', { message: 'Expected to finish the job, got a shutdown.', advice: 'Nothing: the job is in line again, and the attempt is not counted.' }) }),
});

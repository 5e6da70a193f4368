import { MediaJobError, type Clock, type Timer } from '@media-jobs/foundation';
import { lengthenLimits, type TimeLimits } from '../resilience/limits.ts';

/** The clock of one attempt: a soft and a hard limit, counted from its start. */
export interface AttemptTimer extends Disposable {
  /** Lengthens the limits that have not passed yet; see `lengthenLimits`. */
  allow(softTimeoutMs: number): void;
}

export interface AttemptTimerOptions {
  readonly clock: Clock;
  readonly limits: TimeLimits;
  readonly onSoft: (error: MediaJobError) => void;
  readonly onHard: (error: MediaJobError) => void;
}

/** Starts to count. */
export function startAttemptTimer({ clock, limits, onSoft, onHard }: AttemptTimerOptions): AttemptTimer {
  const startedAt = clock.monotonic();
  let inForce = limits;
  let timers: Timer[] = [];
  let soft = true;
  let ended = false;
  const disarm = (): void => {
    for (const timer of timers) timer.cancel();
    timers = [];
  };
  const at = (limitMs: number, callback: () => void): Timer => clock.after(Math.max(0, startedAt + limitMs - clock.monotonic()), callback);
  const arm = (): void => {
    disarm();
    const passSoft = (): void => {
      soft = false;
      onSoft(timeout('soft', inForce.softTimeoutMs));
    };
    if (soft) timers.push(at(inForce.softTimeoutMs, passSoft));
    timers.push(at(inForce.hardTimeoutMs, () => onHard(timeout('hard', inForce.hardTimeoutMs))));
  };
  arm();
  return {
    allow(softTimeoutMs) {
      if (ended || !soft) return;
      inForce = lengthenLimits(inForce, softTimeoutMs);
      arm();
    },
    [Symbol.dispose]() {
      ended = true;
      disarm();
    },
  };
}

function timeout(limit: 'soft' | 'hard', limitMs: number): MediaJobError {
  return new MediaJobError('TIMEOUT', {
    message: `Expected the work to end within its ${limit} limit of ${limitMs} ms, got more.`,
    advice: `Raise \`limits.${limit}TimeoutMs\` of the operation if such work is to be expected.`,
    facts: { limit, limitMs },
  });
}

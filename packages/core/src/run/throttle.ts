import type { Clock, Timer } from '@media-jobs/foundation';

/** Passes the newest of many values on, at most once in a while, and never forgets the last. */
export interface Throttle<Value> {
  /** Passes the value on now, or when the interval is over; a newer one takes its place. */
  push(value: Value): void;
  /** Passes on what is held back, if anything is. */
  flush(): void;
  /** Forgets what is held back. */
  drop(): void;
}

/** The first value passes at once, the last of each interval at its end. */
export function createThrottle<Value>(intervalMs: number, clock: Clock, emit: (value: Value) => void): Throttle<Value> {
  let held: { readonly value: Value } | undefined;
  let timer: Timer | undefined;
  let emittedAt = Number.NEGATIVE_INFINITY;

  const drop = (): void => {
    timer?.cancel();
    timer = undefined;
    held = undefined;
  };
  const flush = (): void => {
    if (held === undefined) return;
    const { value } = held;
    drop();
    emittedAt = clock.monotonic();
    emit(value);
  };
  const push = (value: Value): void => {
    held = { value };
    if (timer !== undefined) return;
    const waitMs = emittedAt + intervalMs - clock.monotonic();
    if (waitMs <= 0) flush();
    else timer = clock.after(waitMs, flush);
  };
  return { push, flush, drop };
}

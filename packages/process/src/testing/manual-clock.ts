import { systemClock, type Clock, type Timer } from '@media-jobs/foundation';

/** A clock that goes on only when told to. */
export interface ManualClock extends Clock {
  /** Lets time pass: timers that fall due are called in their order. */
  advance(ms: number): void;
  /** Lets time pass without calling any timer, as a sleeping machine does. The late ones are called by the next `advance`. */
  sleepThrough(ms: number): void;
  /** Timers that are set. */
  pending(): number;
}

export function createManualClock(): ManualClock {
  let time = 1_000_000;
  const timers = new Map<symbol, { readonly at: number; readonly callback: () => void }>();
  const nextDue = (until: number): [symbol, { readonly at: number; readonly callback: () => void }] | undefined =>
    [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
  return {
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    after(ms, callback): Timer {
      const key = Symbol('timer');
      timers.set(key, { at: time + ms, callback });
      const cancel = (): void => void timers.delete(key);
      return { cancel, [Symbol.dispose]: cancel };
    },
    advance(ms) {
      const until = time + ms;
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        timers.delete(due[0]);
        time = Math.max(time, due[1].at);
        due[1].callback();
      }
      time = Math.max(time, until);
    },
    sleepThrough: (ms) => void (time += ms),
    pending: () => timers.size,
  };
}

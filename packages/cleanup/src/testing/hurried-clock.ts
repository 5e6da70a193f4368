import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock, type Clock } from '@media-jobs/foundation';

/** A clock on which waiting takes no time, and whose timers fire when a test says so. */
export interface HurriedClock extends Clock {
  /** Milliseconds that were slept through so far. */
  slept(): number;
  /** Lets time pass, also to the machine's sleep: nobody waits and no timer fires. */
  pass(ms: number): void;
  /** Moves `now()` alone, as a clock that is set does. */
  jump(ms: number): void;
  /** Fires all timers that are set. */
  fire(): void;
}

export function createHurriedClock(): HurriedClock {
  let [passed, slept, jumped] = [0, 0, 0];
  const start = Date.now();
  const timers = new Set<() => void>();
  return {
    now: () => start + passed + jumped,
    monotonic: () => passed,
    after(_ms, callback) {
      timers.add(callback);
      const cancel = (): void => void timers.delete(callback);
      return { cancel, [Symbol.dispose]: cancel };
    },
    async sleep(ms, signal) {
      if (signal?.aborted === true) return systemClock.sleep(0, signal);
      passed += ms;
      slept += ms;
      await nextTurn();
    },
    slept: () => slept,
    pass: (ms) => void (passed += ms),
    jump: (ms) => void (jumped += ms),
    fire() {
      // One that sets itself anew waits for the next time.
      const due = Array.from(timers);
      timers.clear();
      for (const callback of due) callback();
    },
  };
}

import type { Clock, Timer } from '@media-jobs/foundation';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Lets time pass: timers fire in the order of their times, each at its own time, and what waits on promises goes on
   * in between, so that a timer set by one that fired counts as well. Resolves when all has settled.
   */
  advance(ms: number): Promise<void>;
  /** Moves `now()` alone, as a clock that is set does; `monotonic()` and the timers do not notice. May be negative. */
  jump(ms: number): void;
  /** Timers and sleeps that are set and have not fired. */
  readonly pending: number;
}

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Where a fake clock starts unless told: 2026-01-01T00:00:00Z. */
export const fakeClockStart = Date.UTC(2026, 0, 1);

/** A fake clock. `start` is its first `now()`, in milliseconds since 1970. */
export function createFakeClock(start: number = fakeClockStart): FakeClock {
  const alarms = new Set<Alarm>();
  let passed = 0;
  let jumped = 0;
  let order = 0;

  const set = (ms: number, fire: () => void): Timer => {
    const alarm: Alarm = { at: passed + Math.max(0, ms), order: (order += 1), fire };
    alarms.add(alarm);
    const cancel = (): void => void alarms.delete(alarm);
    return { cancel, [Symbol.dispose]: cancel };
  };
  const nextUntil = (end: number): Alarm | undefined =>
    [...alarms].filter((alarm) => alarm.at <= end).sort((left, right) => left.at - right.at || left.order - right.order)[0];

  const advance = async (ms: number): Promise<void> => {
    const end = passed + ms;
    await settle();
    for (let alarm = nextUntil(end); alarm !== undefined; alarm = nextUntil(end)) {
      alarms.delete(alarm);
      passed = Math.max(passed, alarm.at);
      alarm.fire();
      await settle();
    }
    passed = Math.max(passed, end);
  };
  return {
    now: () => start + passed + jumped,
    monotonic: () => passed,
    after: set,
    sleep: (ms, signal) => sleep(set, ms, signal),
    advance,
    jump: (ms) => void (jumped += ms),
    get pending() {
      return alarms.size;
    },
  };
}

function sleep(set: (ms: number, fire: () => void) => Timer, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = set(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** One turn of the event loop: every promise that can settle without input or output has then settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

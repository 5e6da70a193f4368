/** A timer that has been set. Ending it twice is harmless. */
export interface Timer extends Disposable {
  cancel(): void;
}

/** Time as a port, so that tests own it. It drives timers; where a store has a server, the server's time decides. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. May jump. */
  now(): number;
  /** Milliseconds that never go back, for measuring. */
  monotonic(): number;
  /** Calls back once after `ms`. The timer alone does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Keeps the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest time that Node's timers can hold; longer ones would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

function timer(handle: NodeJS.Timeout): Timer {
  const cancel = (): void => clearTimeout(handle);
  return { cancel, [Symbol.dispose]: cancel };
}

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: (): number => Date.now(),
  monotonic: (): number => performance.now(),
  after: (ms: number, callback: () => void): Timer => timer(setTimeout(callback, Math.min(ms, longestTimerMs)).unref()),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const onAbort = (): void => {
        clearTimeout(handle);
        reject(signal?.reason as Error);
      };
      const handle = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, Math.min(ms, longestTimerMs));
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
});

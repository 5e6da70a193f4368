import { systemClock } from '@media-jobs/foundation';
import { isBusy } from './sqlite-error.ts';

/** The longest pause between two tries; short against any `retryForMs`, long against a transaction of ours (about 1 ms). */
const longestPauseMs = 32;

/**
 * How long to pause before the next try: full jitter below a bound that doubles, so that processes that met do not meet
 * again. At least 1 ms, so that a waiting process never spins.
 */
export function pauseMs(tries: number): number {
  return 1 + Math.random() * Math.min(longestPauseMs, 2 ** tries);
}

/**
 * Tries again while another process holds the file, without blocking the event loop, for at most `retryForMs`; then throws
 * SQLite's own error. Measured on the machine's clock, never on an injected one: what is waited for is another process.
 */
export async function whileBusy<Result>(retryForMs: number, attempt: () => Result | Promise<Result>): Promise<Result> {
  const giveUpAt = systemClock.monotonic() + retryForMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error) || systemClock.monotonic() >= giveUpAt) throw error;
    }
    await systemClock.sleep(pauseMs(tries));
  }
}

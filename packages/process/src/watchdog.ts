import type { Clock, Timer } from '@media-jobs/foundation';

/** When a program counts as stalled. */
export interface StallLimits {
  /** Longest time without a sign of progress. */
  readonly timeoutMs: number;
  /** The same until the first sign, for programs that load something first. Default: `timeoutMs`. */
  readonly firstTimeoutMs?: number;
}

/** Looks for signs of life. */
export interface Watchdog extends Disposable {
  /** Progress was seen. */
  sign(): void;
  /** While held, time does not count: somebody else keeps the program from getting on. */
  hold(held: boolean): void;
}

export interface WatchdogOptions {
  readonly limits: StallLimits;
  readonly clock: Clock;
  /** Asked at each look; an answer that differs from the one before is a sign. */
  readonly sample?: (() => Promise<number | string> | number | string) | undefined;
  readonly onStall: (quietMs: number) => void;
  /** `sample` threw. */
  readonly onError: (error: unknown) => void;
}

/** Looks per window: often enough to notice that the looking itself was late. */
const looksPerWindow = 4;

/** Watches until it is disposed of, or has found a stall. Its timers do not keep the process alive. */
export function createWatchdog({ limits, clock, sample, onStall, onError }: WatchdogOptions): Watchdog {
  let windowMs = limits.firstTimeoutMs ?? limits.timeoutMs;
  let lastSign = clock.monotonic();
  let holders = 0;
  let over = false;
  let timer: Timer | undefined;
  const sign = (): void => {
    [windowMs, lastSign] = [limits.timeoutMs, clock.monotonic()];
  };
  const askSample = createSampler(sample, sign, onError);
  const plan = (): void => {
    const step = windowMs / looksPerWindow;
    const waitMs = Math.min(step, Math.max(lastSign + windowMs - clock.monotonic(), 1));
    const due = clock.monotonic() + waitMs;
    timer = clock.after(waitMs, () => look(due, step));
  };
  const look = (due: number, step: number): void => {
    const now = clock.monotonic();
    // A look that comes a whole step late was kept back by a sleeping machine or a blocked loop; so were the signs.
    if (holders > 0 || now - due > step) lastSign = now;
    if (now - lastSign >= windowMs) {
      over = true;
      return onStall(now - lastSign);
    }
    askSample();
    if (!over) plan();
  };
  askSample();
  plan();
  return {
    sign,
    hold(held) {
      holders += held ? 1 : -1;
      if (!held) lastSign = clock.monotonic();
    },
    [Symbol.dispose]() {
      over = true;
      timer?.cancel();
    },
  };
}

/** Asks one question at a time; the first answer is where the comparing starts. */
function createSampler(sample: WatchdogOptions['sample'], sign: () => void, onError: (error: unknown) => void): () => void {
  let last: number | string | undefined;
  let asking = false;
  const ask = async (): Promise<void> => {
    const answer = await sample?.();
    if (last !== undefined && answer !== last) sign();
    last = answer;
  };
  return () => {
    if (sample === undefined || asking) return;
    asking = true;
    ask()
      .catch(onError)
      .finally(() => (asking = false));
  };
}

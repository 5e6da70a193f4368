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
  let heldSince: number | undefined;
  let timer: Timer | undefined;
  const quiet = (): number => clock.monotonic() - lastSign;
  const sign = (): void => {
    const first = windowMs !== limits.timeoutMs;
    [windowMs, lastSign] = [limits.timeoutMs, clock.monotonic()];
    if (first && timer !== undefined) plan();
  };
  const askSample = createSampler(sample, sign, onError);
  const plan = (): void => {
    const step = windowMs / looksPerWindow;
    const waitMs = heldSince === undefined ? Math.min(step, Math.max(windowMs - quiet(), 1)) : step;
    const due = clock.monotonic() + waitMs;
    timer?.cancel();
    timer = clock.after(waitMs, () => look(due + step));
  };
  const look = (latest: number): void => {
    timer = undefined;
    // A look that comes a whole step late was kept back by a sleeping machine or a blocked loop; so were the signs.
    if (clock.monotonic() > latest) lastSign = clock.monotonic();
    if (heldSince === undefined && quiet() >= windowMs) return onStall(quiet());
    askSample();
    plan();
  };
  askSample();
  plan();
  return {
    sign,
    hold(held) {
      if (heldSince !== undefined) lastSign += clock.monotonic() - Math.max(heldSince, lastSign);
      heldSince = held ? clock.monotonic() : undefined;
    },
    [Symbol.dispose]() {
      timer?.cancel();
      timer = undefined;
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

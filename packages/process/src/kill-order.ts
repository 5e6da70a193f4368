import type { Clock, Timer } from '@media-jobs/foundation';

/** Milliseconds at which TERM, TERM again, and KILL are sent, counted from the decision. */
export type KillOrder = readonly [firstTermMs: number, secondTermMs: number, killMs: number];

/**
 * How a tree is ended. Two TERMs, because programs such as ffmpeg may take the first as a wish to finish what they are reading.
 * `abort`: somebody waits, and the process is gone within a second. `timeLimit`: there is time to close files.
 */
export const killOrders = Object.freeze({
  abort: Object.freeze([0, 250, 700] as const),
  timeLimit: Object.freeze([0, 1000, 5000] as const),
}) satisfies Readonly<Record<string, KillOrder>>;

/** KILL at once, and nothing before it: for programs that have nothing to close, or no time to. */
export const killAtOnce: KillOrder = Object.freeze([Infinity, Infinity, 0] as const);

/** Carries out a kill order. */
export interface KillSchedule extends Disposable {
  /** Starts this order. While one is under way, the one whose KILL comes first wins. */
  start(order: KillOrder): void;
  /** Resolves when the first order starts. */
  readonly started: Promise<void>;
  isStarted(): boolean;
  /** Whether KILL has been sent. */
  killSent(): boolean;
}

/** Sends the signals of an order when their time has come; those at 0 within the call. */
export function createKillSchedule(clock: Clock, send: (signal: 'SIGTERM' | 'SIGKILL') => void): KillSchedule {
  const { promise: started, resolve: begin } = Promise.withResolvers<void>();
  let timers: Timer[] = [];
  let killAt = Infinity;
  let killSent = false;
  const cancel = (): void => {
    for (const timer of timers) timer.cancel();
    timers = [];
  };
  const give = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    killSent ||= signal === 'SIGKILL';
    send(signal);
  };
  const plan = (ms: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
    if (ms === 0) give(signal);
    else if (ms !== Infinity) timers.push(clock.after(ms, () => give(signal)));
  };
  return {
    start([firstTermMs, secondTermMs, killMs]) {
      const at = clock.monotonic() + killMs;
      if (at >= killAt) return;
      killAt = at;
      cancel();
      begin();
      plan(firstTermMs, 'SIGTERM');
      plan(secondTermMs, 'SIGTERM');
      plan(killMs, 'SIGKILL');
    },
    started,
    isStarted: () => killAt !== Infinity,
    killSent: () => killSent,
    [Symbol.dispose]: cancel,
  };
}

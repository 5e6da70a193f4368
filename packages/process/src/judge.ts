import { MediaJobError, type Timer } from '@media-jobs/foundation';
import type { ProcessControls } from './controls.ts';
import { killAtOnce, killOrders, type KillOrder } from './kill-order.ts';
import type { ReadingGate } from './output.ts';
import type { Verdict } from './program-errors.ts';
import type { ResolvedRunOptions } from './run-program-options.ts';
import type { SupervisedChild } from './supervised-child.ts';
import { createWatchdog, type Watchdog } from './watchdog.ts';

/** Decides, once, whether we end a program, and why. The first reason stands; a later one may still hasten the end. */
export interface Judge extends ReadingGate, Disposable {
  /** Progress was seen. */
  readonly sign: () => void;
  verdict(): Verdict | undefined;
  /** Milliseconds between the last sign, or the start, and the verdict, or now. */
  quietMs(): number;
}

/** Watches the limits and signals in `options` over a child, until it is disposed of. */
export function createJudge(child: SupervisedChild, options: ResolvedRunOptions): Judge {
  const { clock, killAfter } = options;
  const { promise: decided, resolve } = Promise.withResolvers<void>();
  let verdict: Verdict | undefined;
  let lastSign = clock.monotonic();
  let decidedAt: number | undefined;
  const decide = (reason: Verdict, order: KillOrder): void => {
    if (verdict === undefined) {
      options.logger.info({ pid: child.pid, command: options.command, verdict: reason.kind }, 'Ending a program.');
      [verdict, decidedAt] = [reason, clock.monotonic()];
    }
    resolve();
    child.end(order);
  };
  const fail = (error: unknown): void => decide({ kind: 'listener', error }, killOrders.abort);
  const watchdog = watch(child.pid, options, (quietMs) => decide({ kind: 'stalled', quietMs }, killAfter), fail);
  const stopListening = onControls(options, (reason, order) => decide({ kind: 'aborted', reason }, order));
  const limit = startLimit(options, (limitMs) => decide({ kind: 'timeout', limitMs }, killAfter));
  return {
    decided,
    isDecided: () => verdict !== undefined,
    fail,
    hold(held) {
      watchdog?.hold(held);
      child.hold(held);
    },
    sign() {
      lastSign = clock.monotonic();
      watchdog?.sign();
      child.glance();
    },
    verdict: () => verdict,
    quietMs: () => (decidedAt ?? clock.monotonic()) - lastSign,
    [Symbol.dispose]() {
      watchdog?.[Symbol.dispose]();
      limit?.cancel();
      stopListening();
    },
  };
}

function watch(pid: number, { stall, clock, sample }: ResolvedRunOptions, onStall: (quietMs: number) => void, onError: (error: unknown) => void): Watchdog | undefined {
  return stall === undefined ? undefined : createWatchdog({ limits: stall, clock, sample: sample === undefined ? undefined : () => sample(pid), onStall, onError });
}

function startLimit({ timeoutMs, clock }: ResolvedRunOptions, onLimit: (limitMs: number) => void): Timer | undefined {
  return timeoutMs === undefined || timeoutMs === Infinity ? undefined : clock.after(timeoutMs, () => onLimit(timeoutMs));
}

/** Who aborts waits for the end; a time limit that an owner watches is like one of ours, and leaves time to close files. */
function orderFor(reason: unknown): KillOrder {
  const timedOut = MediaJobError.isInstance(reason) ? reason.code === 'TIMEOUT' : reason instanceof DOMException && reason.name === 'TimeoutError';
  return timedOut ? killOrders.timeLimit : killOrders.abort;
}

/** Calls back when one of the two signals aborts, or has done so already. Returns what ends the listening. */
export function onControls({ signal, kill }: ProcessControls, callback: (reason: unknown, order: KillOrder) => void): () => void {
  const stops = [onAbort(signal, (reason) => callback(reason, orderFor(reason))), onAbort(kill, (reason) => callback(reason, killAtOnce))];
  return () => {
    for (const stop of stops) stop();
  };
}

function onAbort(signal: AbortSignal | undefined, callback: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => callback(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

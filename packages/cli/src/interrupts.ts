import type { Clock } from '@media-jobs/foundation';
import { exitCodes } from './command.ts';

/** What of a process is needed to hear its signals. */
export interface SignalledProcess {
  on(event: NodeJS.Signals, listener: () => void): unknown;
  off(event: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** npm and npx hand on the signal that the terminal has already sent to everybody: within this time it is the same one. */
const echoMs = 500;

/** `signal` aborts at the first signal of the process; the second one ends it at once. Disposal gives the signals back. */
export interface Interrupts extends Disposable {
  readonly signal: AbortSignal;
}

/** Listens for the signals that ask a command to end. */
export function listenForInterrupts(host: SignalledProcess, clock: Clock): Interrupts {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      firstAt = clock.monotonic();
      controller.abort();
    } else if (clock.monotonic() - firstAt > echoMs) {
      // Children end with this process, and the next start sweeps the rest.
      host.exit(exitCodes.interrupted);
    }
  };
  for (const name of signals) host.on(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of signals) host.off(name, onSignal);
    },
  };
}

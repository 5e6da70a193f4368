import type { Clock } from '@media-jobs/foundation';
import { abortErrorOf } from '../pool/abort.ts';
import { watchSilence, type SilenceWatch, type Watched } from './silence-watch.ts';

/** Waits for one thing until it comes, fails, is aborted, or a limit passes. The first of these stands. */
export class BoundedWait<Result> implements Disposable {
  readonly result: Promise<Result>;
  readonly fail: (error: unknown) => void;
  readonly settle: (result: Result) => void;
  readonly #clock: Clock;
  readonly #ends: (() => void)[] = [];

  constructor(clock: Clock) {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#clock = clock;
    this.result = promise;
    this.settle = resolve;
    this.fail = reject;
  }

  /** Fails when there is no sign in time; undefined where nothing is to be watched. */
  watch(watched: Watched | undefined): SilenceWatch | undefined {
    if (watched === undefined) return undefined;
    const watch = watchSilence(watched, this.#clock, this.fail);
    this.#ends.push(() => watch[Symbol.dispose]());
    return watch;
  }

  /** Fails when the signal aborts. */
  listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const listener = (): void => this.fail(abortErrorOf(signal));
    if (signal.aborted) return listener();
    signal.addEventListener('abort', listener, { once: true });
    this.#ends.push(() => signal.removeEventListener('abort', listener));
  }

  /** Called when the waiting is over. */
  onEnd(end: () => void): void {
    this.#ends.push(end);
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
  }
}

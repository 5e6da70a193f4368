import { MediaJobError, type Clock, type Timer } from '@media-jobs/foundation';

/** One thing that must show itself in time. */
export interface Watched {
  /** What is waited for, as it stands in the message. */
  readonly what: string;
  readonly limitMs: number;
  readonly code: 'STALLED' | 'TIMEOUT';
}

/** A timer that starts again at each sign. */
export interface SilenceWatch extends Disposable {
  sign(): void;
}

const advice: Readonly<Record<Watched['code'], string>> = {
  STALLED: 'Try again; when it comes back, use a smaller model, or allow more by `stallTimeoutMs`.',
  TIMEOUT: 'Use a smaller model or a faster engine, or allow more by `timeoutMs`.',
};

/**
 * Calls back with an error when there was no sign for `limitMs`. When this process itself was held up, the signs may
 * stand in line behind the timer: they are let in before the verdict.
 */
export function watchSilence({ what, limitMs, code }: Watched, clock: Clock, onSilence: (error: MediaJobError) => void): SilenceWatch {
  let timer: Timer;
  let signs = 0;
  let over = false;
  const judge = (signsThen: number): void => {
    if (over || signs !== signsThen) return;
    onSilence(new MediaJobError(code, { message: `Expected ${what} within ${limitMs} ms, but there was none.`, advice: advice[code], facts: { limitMs } }));
  };
  const plan = (): void => {
    timer = clock.after(limitMs, () => setImmediate(() => setImmediate(judge, signs)));
  };
  plan();
  return {
    sign() {
      signs += 1;
      timer.cancel();
      if (!over) plan();
    },
    [Symbol.dispose]() {
      over = true;
      timer.cancel();
    },
  };
}

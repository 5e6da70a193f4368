import { MediaJobError } from '@media-jobs/foundation';

/** The error of an aborted signal: its reason where that is one of ours, so that a cancel stays a cancel. */
export function abortErrorOf(signal: AbortSignal | undefined): MediaJobError {
  const reason: unknown = signal?.reason;
  if (MediaJobError.isInstance(reason)) return reason;
  return new MediaJobError('ABORTED', { message: 'The transcription was aborted.', cause: reason });
}

/** A signal that aborts with the first of several, until it is disposed of. Unlike `AbortSignal.any`, it leaves nothing on signals that live long. */
export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const listeners = signals.filter((signal) => signal !== undefined).map((signal) => {
    const listener = (): void => controller.abort(signal.reason);
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
    return { signal, listener };
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) signal.removeEventListener('abort', listener);
    },
  };
}

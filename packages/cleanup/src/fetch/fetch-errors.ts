import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';

/** A URL as it may be shown: without user, password, query and fragment, which may hold secrets. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

const advices = {
  DOWNLOAD_REFUSED: 'Check the address, or give another one.',
  DOWNLOAD_UNAVAILABLE: 'Check the network and try again; what has arrived is gone on with.',
  DOWNLOAD_OVERLOADED: 'Try again after the time that the server asked for.',
  DOWNLOAD_MISMATCH: 'Try another mirror; if all differ, the publisher has changed the file.',
  INPUT_TOO_LARGE: 'Raise the limit if the file is wanted.',
} satisfies Partial<Record<MediaJobErrorCode, string>>;

/** An error about a download; `got` ends the sentence "Expected … from <url>, got". */
export function fetchError(code: keyof typeof advices, url: URL, expected: string, got: string, more: { readonly cause?: unknown; readonly facts?: Readonly<Record<string, unknown>>; readonly retryAfterMs?: number } = {}): MediaJobError {
  return new MediaJobError(code, {
    message: `Expected ${expected} from ${shownUrl(url)}, got ${got}.`,
    advice: advices[code],
    facts: { url: shownUrl(url), ...more.facts },
    cause: more.cause,
    ...(more.retryAfterMs === undefined ? {} : { retryAfterMs: more.retryAfterMs }),
  });
}

/** What an error that `fetch` or its body threw is called. Those of ours pass as they are. */
export function connectionError(url: URL, cause: unknown): MediaJobError {
  if (MediaJobError.isInstance(cause)) return cause;
  // `fetch` itself says only that it failed; what happened is in the cause.
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = (inner as NodeJS.ErrnoException).code;
  return fetchError('DOWNLOAD_UNAVAILABLE', url, 'the whole file', typeof code === 'string' ? code : String(inner instanceof Error ? inner.message : inner), { cause });
}

/** What an abort of `signal` is called. */
export function abortError(url: URL, signal: AbortSignal): MediaJobError {
  if (MediaJobError.isInstance(signal.reason)) return signal.reason;
  return new MediaJobError('ABORTED', { message: `Expected to download ${shownUrl(url)}, got an abort.`, advice: 'Ask for it again; what has arrived is gone on with.', facts: { url: shownUrl(url) }, cause: signal.reason });
}

/** The limit of all the time was reached. */
export function lateError(url: URL, limitMs: number): MediaJobError {
  return new MediaJobError('TIMEOUT', { message: `Expected the whole file from ${shownUrl(url)} within ${limitMs} ms, got less.`, advice: lateAdvice, facts: { url: shownUrl(url), limitMs } });
}

/** Nothing came for too long, or too little. */
export function stalledError(url: URL, limitMs: number, neededBytes: number, arrivedBytes: number): MediaJobError {
  return new MediaJobError('STALLED', {
    message: `Expected ${neededBytes === 1 ? 'a byte' : `${neededBytes} bytes`} from ${shownUrl(url)} within ${limitMs} ms, got ${arrivedBytes === 0 ? 'none' : arrivedBytes}.`,
    advice: lateAdvice,
    facts: { url: shownUrl(url), limitMs, neededBytes, arrivedBytes },
  });
}

const lateAdvice = 'Check the network, or raise the limit; what has arrived is gone on with.';

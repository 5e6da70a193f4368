import { speaksAgainstService } from '@media-jobs/core';
import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { knownCode } from './remote-view.ts';

/** What a service said when it refused. */
export interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  /** As it came; problem details where it is a service of ours. */
  readonly text: string;
}

/** Those that ask for patience, or can pass by themselves (RFC 9110; 425 is of RFC 8470, 429 of RFC 6585). */
const overloads: ReadonlySet<number> = new Set([429]);
const passing: ReadonlySet<number> = new Set([408]);
const maxShown = 200;

/** A refusal as an error: the service's own code where it told one, else by its status. */
export function refusalError(service: string, path: string, { status, headers, text }: Refusal, now: number): MediaJobError {
  const problem = parseProblem(text);
  const code = knownCode(problem['code']) ?? codeOf(status);
  const detail = typeof problem['detail'] === 'string' ? problem['detail'] : text.slice(0, maxShown);
  const asked = typeof problem['retryAfterMs'] === 'number' ? problem['retryAfterMs'] : retryAfterMs(headers, now);
  return new MediaJobError(code, {
    message: `${service} answered ${path} with ${status}${detail === '' ? '.' : `: ${detail}`}`,
    ...(typeof problem['advice'] === 'string' ? { advice: problem['advice'] } : {}),
    facts: { service, path, status, correlationId: headers.get('x-correlation-id') },
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
  });
}

/** How a connection is called that the other side has closed. */
const closings: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * Whether a failure speaks against the service. A connection that is closed while a file is being sent does not: a service that refuses a file
 * by its size closes it, and its answer may be lost with that.
 */
export function speaksAgainst(error: MediaJobError): boolean {
  return speaksAgainstService(error) && !(error.facts['isUpload'] === true && closings.has(error.facts['systemCode']));
}

/** What an error that `fetch` or a body threw is called. Those of ours pass as they are. */
export function unreachable(service: string, { path, isUpload = false }: { readonly path: string; readonly isUpload?: boolean | undefined }, cause: unknown): MediaJobError {
  if (MediaJobError.isInstance(cause)) return cause;
  // `fetch` itself says only that it failed; what happened is in the cause.
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const { code } = Object(inner) as { readonly code?: unknown };
  const reason = typeof code === 'string' ? code : inner instanceof Error ? inner.message : String(inner);
  return new MediaJobError('SERVICE_UNAVAILABLE', { message: `Expected ${service} to answer ${path}, got ${reason}.`, advice: 'Check that it runs and can be reached.', facts: { service, path, isUpload, ...(typeof code === 'string' ? { systemCode: code } : {}) }, cause });
}

/** A deadline that was reached. */
export function tooLate(service: string, path: string, limitMs: number): MediaJobError {
  return new MediaJobError('SERVICE_UNAVAILABLE', { message: `Expected ${service} to answer ${path} within ${limitMs} ms, got no whole answer.`, advice: 'Try again; look at its health if that does not help.', facts: { service, path, limitMs } });
}

function codeOf(status: number): MediaJobErrorCode {
  if (overloads.has(status)) return 'RATE_LIMITED';
  if (status === 401 || status === 403) return 'UNAUTHORIZED';
  return status >= 500 || passing.has(status) ? 'SERVICE_UNAVAILABLE' : 'SERVICE_REFUSED';
}

function parseProblem(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** `Retry-After` as seconds or as a date. */
function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

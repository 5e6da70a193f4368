import type { MediaJobError } from '@media-jobs/foundation';
import { retryAfterMs } from './answer-facts.ts';
import { connectionError, fetchError, shownUrl } from './fetch-errors.ts';
import type { ResolvedFetchOptions } from './fetch-options.ts';

/** One request: where from, and what must be unchanged. */
export interface SourceRequest {
  readonly url: URL;
  readonly start: number;
  /** The rest is wanted only if the file is still in this state; else all of it. */
  readonly validator: string | null;
  readonly signal: AbortSignal;
}

type SourceOptions = Pick<ResolvedFetchOptions, 'fetch' | 'headers' | 'checkUrl' | 'maxRedirects' | 'clock'>;

/**
 * Asks for a file, or for its rest, and follows redirects. Resolves with a 200, 206 or 416. Throws `DOWNLOAD_REFUSED`,
 * `DOWNLOAD_UNAVAILABLE` or `DOWNLOAD_OVERLOADED`.
 */
export async function openSource(request: SourceRequest, options: SourceOptions): Promise<Response> {
  const seen = new Set<string>();
  let { url } = request;
  for (;;) {
    if (seen.has(url.href)) throw fetchError('DOWNLOAD_REFUSED', request.url, 'the file', `a circle of redirects through ${shownUrl(url)}`);
    if (seen.size > options.maxRedirects) throw fetchError('DOWNLOAD_REFUSED', request.url, `at most ${options.maxRedirects} redirects`, 'more');
    seen.add(url.href);
    await options.checkUrl(url);
    const response = await ask(url, request, options);
    if (!redirects.has(response.status)) return await accepted(request.url, response, options.clock.now());
    await response.body?.cancel();
    url = nextUrl(request.url, url, response.headers.get('location'));
  }
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

async function ask(url: URL, { url: first, start, validator, signal }: SourceRequest, { fetch, headers }: SourceOptions): Promise<Response> {
  // Compressed bytes would be unpacked on the way, and no range or length would fit what arrives.
  const own: Record<string, string> = { 'accept-encoding': 'identity', ...(url.origin === first.origin ? headers : {}) };
  if (start > 0) own['range'] = `bytes=${start}-`;
  if (start > 0 && validator !== null) own['if-range'] = validator;
  try {
    return await fetch(url, { headers: own, redirect: 'manual', signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw connectionError(url, error);
  }
}

function nextUrl(first: URL, from: URL, location: string | null): URL {
  const url = location === null ? null : URL.parse(location, from.href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw fetchError('DOWNLOAD_REFUSED', first, 'the file', `a redirect to ${location === null ? 'nowhere' : JSON.stringify(location.slice(0, 200))}`);
  if (from.protocol === 'https:' && url.protocol === 'http:') throw fetchError('DOWNLOAD_REFUSED', first, 'the file', `a redirect from https to ${shownUrl(url)}`);
  return url;
}

async function accepted(url: URL, response: Response, now: number): Promise<Response> {
  const { status, headers } = response;
  const encoding = headers.get('content-encoding');
  const isFine = status === 200 || status === 206 || status === 416;
  if (isFine && (encoding === null || encoding === 'identity')) return response;
  await response.body?.cancel();
  if (isFine) throw fetchError('DOWNLOAD_REFUSED', url, 'the bytes of the file as they are', `them in the encoding ${JSON.stringify(encoding)}`);
  throw statusError(url, status, headers, now);
}

/** Those that ask for patience, or can pass by themselves (RFC 9110; 425 is of RFC 8470, 429 of RFC 6585). */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

function statusError(url: URL, status: number, headers: Headers, now: number): MediaJobError {
  const facts = { status };
  const after = retryAfterMs(headers, now);
  if ((status === 429 || status === 503) && after !== null) return fetchError('DOWNLOAD_OVERLOADED', url, 'the file', `status ${status} and the wish for a pause of ${Math.ceil(after / 1_000)} s`, { facts, retryAfterMs: after });
  return fetchError(passing.has(status) || status >= 500 ? 'DOWNLOAD_UNAVAILABLE' : 'DOWNLOAD_REFUSED', url, 'the file', `status ${status}`, { facts });
}

import { MediaJobError } from '@media-jobs/foundation';
import type { ResolvedClientOptions } from './options.ts';
import { refusalError, tooLate, unreachable } from './service-errors.ts';

/** One request of a service. */
export interface ServiceRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Below the address of the service. */
  readonly path: string;
  /** Made anew for each try: a body is read once. */
  readonly body?: () => Promise<NonNullable<RequestInit['body']>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly correlationId?: string | undefined;
  /** Default: that of the client. */
  readonly timeoutMs?: number;
  /** It sends files. */
  readonly isUpload?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Longer answers are none: results are JSON, files are fetched otherwise. */
const maxAnswerBytes = 64 * 1024 * 1024;
const longestPauseMs = 30_000;

/** Headers that each request carries. */
export function headersOf({ token, correlationId: usual }: ResolvedClientOptions, { headers, correlationId = usual }: Pick<ServiceRequest, 'headers' | 'correlationId'>): Record<string, string> {
  return { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(correlationId === undefined ? {} : { 'x-correlation-id': correlationId }), ...headers };
}

/**
 * Makes a request until it has an answer, or an error that stays: through the breaker, each try within its deadline, with back-off in
 * between. Resolves with the JSON of a 2xx. Throws the service's own error, `SERVICE_UNAVAILABLE`, `SERVICE_REFUSED`, `CIRCUIT_OPEN`, `ABORTED`.
 */
export async function requestJson(options: ResolvedClientOptions, request: ServiceRequest): Promise<unknown> {
  for (let failures = 1; ; failures += 1) {
    requireWish(options, request);
    try {
      return await options.breaker.run(() => askOnce(options, request));
    } catch (thrown) {
      const error = MediaJobError.from(thrown);
      requireWish(options, request);
      // Who is kept away from a service hears so at once.
      if (!error.retryable || error.code === 'CIRCUIT_OPEN' || failures >= options.tries || (error.retryAfterMs ?? 0) > options.maxRetryAfterMs) throw error;
      options.logger.debug({ err: error, service: options.name, path: request.path, failures }, 'A request of a service is made again after a pause');
      await pause(options, error, failures, request.signal);
    }
  }
}

/** Waits as long as the other side asked, or as back-off says. Throws `ABORTED`. */
export async function pause({ clock, random, retryBaseMs, name }: ResolvedClientOptions, { retryAfterMs = 0 }: MediaJobError, failures: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = Math.max(retryAfterMs, random() * Math.min(longestPauseMs, retryBaseMs * 2 ** (failures - 1)));
  await clock.sleep(ms, signal).catch((reason: unknown) => {
    throw aborted(name, reason);
  });
}

/** One try. Also for health checks, which are bounded by their own signal and go past the breaker. */
export async function askOnce(options: ResolvedClientOptions, request: ServiceRequest): Promise<unknown> {
  const { name, clock } = options;
  const { path, timeoutMs = options.timeoutMs, signal } = request;
  const late = new AbortController();
  using _limit = clock.after(timeoutMs, () => late.abort(tooLate(name, path, timeoutMs)));
  const both = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
  try {
    const response = await send(options, request, both);
    const text = await readText(response);
    if (!response.ok) throw refusalError(name, path, { status: response.status, headers: response.headers, text }, clock.now());
    return text === '' ? undefined : parse(name, path, text);
  } catch (error) {
    if (signal?.aborted === true) throw aborted(name, signal.reason);
    throw unreachable(name, request, late.signal.aborted ? late.signal.reason : error);
  }
}

/** The bare exchange. A redirect would take the token elsewhere, so it is an answer like any other. */
export async function send(options: ResolvedClientOptions, request: ServiceRequest, signal: AbortSignal): Promise<Response> {
  const body = await request.body?.();
  return options.fetch(`${options.url}${request.path}`, { method: request.method ?? 'GET', headers: headersOf(options, request), redirect: 'manual', signal, ...(body === undefined ? {} : { body }) });
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxAnswerBytes) throw new Error(`Expected an answer of at most ${maxAnswerBytes} bytes, got more.`);
  }
  return text + decoder.decode();
}

function parse(name: string, path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MediaJobError('SERVICE_REFUSED', { message: `Expected JSON from ${name} for ${path}, got ${JSON.stringify(text.slice(0, 80))}.`, advice: 'Check that the address is that of a media-jobs service.', facts: { service: name, path }, cause });
  }
}

function requireWish({ name }: ResolvedClientOptions, { signal }: ServiceRequest): void {
  if (signal?.aborted === true) throw aborted(name, signal.reason);
}

/** An abort by the caller. One of ours as its reason is passed on. */
export function aborted(name: string, reason: unknown): MediaJobError {
  if (MediaJobError.isInstance(reason)) return reason;
  return new MediaJobError('ABORTED', { message: `Expected an answer of ${name}, got an abort.`, advice: 'The job, if there is one, goes on there.', facts: { service: name }, cause: reason });
}

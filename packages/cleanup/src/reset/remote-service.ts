import { MediaJobError, systemClock, type Clock } from '@media-jobs/foundation';
import { checkAmount, invalidOption } from '../options.ts';
import { parseObject } from '../ledger-entry.ts';
import type { ResetRequest, Resettable } from './resettable.ts';

/** Another service that can be reset over HTTP. */
export interface RemoteServiceOptions {
  /** By which the report names it. */
  readonly name: string;
  /** Where it answers, such as `http://transcriber:8004`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. Default: none. */
  readonly token?: string;
  /** What is asked for. Default `/admin/factory-reset`; services that have none of their own kind take `/admin/cleanup`. */
  readonly path?: string;
  /** Default 120,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** What became of the reset of one other service. */
export interface RemoteResetResult {
  /** `failed`: it answered, but not with a complete reset. `unreachable`: it gave no whole answer in time. */
  readonly status: 'success' | 'failed' | 'unreachable';
  /** Its own report, as it came. */
  readonly report?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** A service that `resetRemotes` asks, or `resetAll` as one target among others. */
export interface RemoteService extends Resettable {
  readonly kind: 'remote';
  /** Asks it once. Never rejects. */
  reset(request: RemoteResetRequest, signal?: AbortSignal): Promise<RemoteResetResult>;
}

/** The flags that are sent. */
export type RemoteResetRequest = Pick<ResetRequest, 'level' | 'models' | 'queue'>;

/** How long a service may take, as the services of the original promised each other. */
export const remoteTimeoutMs = 120_000;

/** A report that is longer than this is none. */
const maxAnswerBytes = 4 * 1024 * 1024;

/** Names a service and how to reach it. Asks nothing yet. Throws `INVALID_OPTION`. */
export function createRemoteService({ name, url, token, path = '/admin/factory-reset', timeoutMs = remoteTimeoutMs, clock = systemClock }: RemoteServiceOptions): RemoteService {
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol)) throw invalidOption('url', 'an http or https URL', URL.canParse(url) ? new URL(url).protocol : 'no URL');
  if (!path.startsWith('/')) throw invalidOption('path', 'a path that begins with `/`', path);
  checkAmount('timeoutMs', timeoutMs);
  const place = new URL(`${new URL(url).pathname.replace(/\/$/, '')}${path}`, url);
  const reset: RemoteService['reset'] = async (request, given) => {
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => late.abort(timedOut(name, timeoutMs)));
    const signal = given === undefined ? late.signal : AbortSignal.any([late.signal, given]);
    try {
      return await ask(place, token, request, signal);
    } catch (error) {
      return { status: 'unreachable', error: reasonOf(signal.aborted ? signal.reason : error) };
    } finally {
      timer.cancel();
    }
  };
  return Object.freeze({
    name,
    kind: 'remote' as const,
    reset,
    async collect({ request, signal, note, fail }) {
      const result = await reset(request, signal);
      note('result', result);
      if (result.status !== 'success') fail(place.origin + place.pathname, `${result.status}: ${result.error ?? ''}`);
    },
    count: () => Promise.resolve({ count: 0, listed: [] }),
  } satisfies RemoteService);
}

/**
 * The flags stand in the query and in the body, under the names of today and of the original: a service that reads them
 * elsewhere than they are sent would do a basic cleanup, and report success.
 */
async function ask(place: URL, token: string | undefined, { level, models, queue }: RemoteResetRequest, signal: AbortSignal): Promise<RemoteResetResult> {
  const flags = { deep: level === 'deep', models, purgeQueue: queue, purge_celery_queue: queue };
  const url = new URL(place);
  for (const [flag, value] of Object.entries(flags)) url.searchParams.set(flag, String(value));
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  // A redirect would take the token elsewhere.
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(flags), signal, redirect: 'manual' });
  return judge(response.status, await readAnswer(response));
}

function judge(status: number, text: string): RemoteResetResult {
  const report = parseObject(text);
  const known = Object.keys(report).length > 0 ? { report } : {};
  if (status < 200 || status > 299) return { status: 'failed', ...known, error: `Expected an answer of 2xx, got ${status}.` };
  if (!('report' in known)) return { status: 'failed', error: `Expected a report in JSON, got ${JSON.stringify(text.slice(0, 80))}.` };
  // A service that does its reset in the background has not done it: `ok` counts where there is one.
  if (report['ok'] === false) return { status: 'failed', ...known, error: typeof report['message'] === 'string' ? report['message'] : 'Expected a complete reset, got one that is not.' };
  return { status: 'success', ...known };
}

async function readAnswer(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxAnswerBytes) throw new Error(`Expected a report of at most ${maxAnswerBytes} bytes, got more.`);
  }
  return text;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code } = Object(cause) as { code?: unknown };
  const { message } = MediaJobError.from(cause);
  return typeof code === 'string' && !MediaJobError.isInstance(cause) ? `${code}: ${message}` : message;
}

function timedOut(name: string, ms: number): MediaJobError {
  return new MediaJobError('TIMEOUT', { message: `Expected ${name} to answer within ${ms} ms, got no whole answer.`, advice: 'It may still be at work: look at it before asking again.', facts: { service: name, timeoutMs: ms } });
}

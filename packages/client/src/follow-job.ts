import { MediaJobError } from '@media-jobs/foundation';
import { noEvents, opened, readEvents } from './event-stream.ts';
import type { ResolvedClientOptions } from './options.ts';
import { hasEnded, readProgress, readView, type RemoteProgress, type RemoteView } from './remote-view.ts';
import { aborted, pause, requestJson } from './request.ts';
import { refusalError } from './service-errors.ts';

/** What happens to a remote job. */
export type RemoteEvent =
  | ({ readonly kind: 'progress' } & Pick<RemoteProgress, 'generation' | 'status' | 'progress' | 'phase'>)
  /** What its operation shared of the result. A lost connection may lose some: the result holds it all. */
  | { readonly kind: 'parts'; readonly parts: readonly unknown[] }
  /** The last: the job as it ended. */
  | { readonly kind: 'end'; readonly job: RemoteView };

/** Which job, and until when. */
export interface FollowOptions {
  readonly id: string;
  readonly correlationId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** So many open streams in a row that bring nothing mean that something in between holds the events back. */
const maxBarren = 2;

/**
 * The job's progress as it is, never falling within a generation, and its end. By events, resumed where a connection was lost; by asking again
 * and again where there are none. Goes on while the service is away, for `patienceMs` at a time. Throws as `requestJson` does.
 */
export async function* followJob(options: ResolvedClientOptions, follow: FollowOptions): AsyncGenerator<RemoteEvent, void> {
  const state: FollowState = { lastId: undefined, last: undefined, failures: 0, barren: 0, contactAt: options.clock.monotonic() };
  for (;;) {
    try {
      const events = state.barren >= maxBarren ? pollOnce(options, follow) : stream(options, follow, state);
      for await (const event of events) {
        Object.assign(state, { failures: 0, contactAt: options.clock.monotonic() });
        if (event.kind === 'end') return yield event;
        if (event.kind === 'parts' || isNews(state, event)) yield event;
      }
      await rest(options, follow, state);
    } catch (thrown) {
      await bear(options, follow, state, MediaJobError.from(thrown));
    }
  }
}

interface FollowState {
  lastId: string | undefined;
  last: RemoteProgress | undefined;
  /** In a row. */
  failures: number;
  /** Streams in a row that brought nothing. */
  barren: number;
  contactAt: number;
}

async function* stream(options: ResolvedClientOptions, { id, correlationId, signal }: FollowOptions, state: FollowState): AsyncGenerator<RemoteEvent, void> {
  const { name } = options;
  let barren = state.barren;
  const headers = state.lastId === undefined ? {} : { 'last-event-id': state.lastId };
  try {
    for await (const message of readEvents(options, { path: `/jobs/${id}/events`, headers, correlationId, signal })) {
      if (message === noEvents) barren = maxBarren;
      if (message === opened) barren = state.barren + 1;
      if (typeof message === 'symbol') continue;
      barren = 0;
      state.lastId = message.id ?? state.lastId;
      const data = parse(message.data);
      if (message.event === 'end') yield { kind: 'end', job: readView(name, data) };
      if (message.event === 'error') throw refusalError(name, `/jobs/${id}/events`, { status: 200, headers: new Headers(), text: message.data }, options.clock.now());
      if (message.event === 'parts') yield { kind: 'parts', parts: partsOf(data) };
      if (message.event === 'progress') yield progressOf(readProgress(name, data));
    }
  } catch (error) {
    // Whoever holds events back may hold back the head of the answer as well.
    if (barren === state.barren && MediaJobError.from(error).facts['limitMs'] !== undefined) barren += 1;
    throw error;
  } finally {
    state.barren = barren;
  }
}

async function* pollOnce(options: ResolvedClientOptions, { id, correlationId, signal }: FollowOptions): AsyncGenerator<RemoteEvent, void> {
  const job = readView(options.name, await requestJson(options, { path: `/jobs/${id}`, correlationId, signal }));
  yield hasEnded(job.status) ? { kind: 'end', job } : progressOf(job);
}

function progressOf({ generation, status, progress, phase }: RemoteProgress): RemoteEvent {
  return { kind: 'progress', generation, status, progress, phase };
}

function isNews(state: FollowState, event: RemoteEvent & { readonly kind: 'progress' }): boolean {
  const { last } = state;
  const isOlder = last !== undefined && (event.generation < last.generation || (event.generation === last.generation && event.progress < last.progress));
  const isSame = last !== undefined && event.generation === last.generation && event.progress === last.progress && event.phase === last.phase && event.status === last.status;
  if (isOlder || isSame) return false;
  state.last = event;
  return true;
}

/** Between two questions, and before a stream that ended too early, as that of a service which closes, is opened again. */
async function rest({ clock, pollIntervalMs, retryBaseMs, random }: ResolvedClientOptions, { signal }: FollowOptions, { barren }: FollowState): Promise<void> {
  await clock.sleep(barren >= maxBarren ? pollIntervalMs : retryBaseMs * (1 + random()), signal);
}

/** A service that is away comes back, or not within `patienceMs`; what is wrong with the wish itself is told at once. */
async function bear(options: ResolvedClientOptions, { id, signal }: FollowOptions, state: FollowState, error: MediaJobError): Promise<void> {
  const { clock, patienceMs, logger, name } = options;
  if (signal?.aborted === true) throw aborted(name, signal.reason);
  state.failures += 1;
  if (!error.retryable || error.code === 'EPOCH_PASSED' || clock.monotonic() - state.contactAt > patienceMs) throw error;
  logger.debug({ err: error, service: name, jobId: id, failures: state.failures }, 'A remote job is followed again after a pause');
  await pause(options, error, state.failures, signal);
}

function partsOf(data: unknown): readonly unknown[] {
  const { parts } = Object(data) as { readonly parts?: unknown };
  return Array.isArray(parts) ? parts : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

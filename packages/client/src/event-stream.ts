import { MediaJobError, type Clock, type Timer } from '@media-jobs/foundation';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { ResolvedClientOptions } from './options.ts';
import { aborted, send, type ServiceRequest } from './request.ts';
import { refusalError, tooLate, unreachable } from './service-errors.ts';

/** An event is JSON of one job; longer ones are none. */
const maxEventLength = 64 * 1024 * 1024;

/** The service has no events for us: it answers with something else. */
export const noEvents = Symbol('no events');
/** The stream is open. */
export const opened = Symbol('opened');

/**
 * Opens a stream of events and gives `opened`, then them as they come, until the service ends it. Gives `noEvents` where the answer is no such stream. Throws
 * the service's refusal, `SERVICE_UNAVAILABLE` when it breaks or is silent for `quietMs`, `ABORTED`.
 */
export async function* readEvents(options: ResolvedClientOptions, request: ServiceRequest): AsyncGenerator<EventSourceMessage | typeof noEvents | typeof opened, void> {
  const { name, clock, quietMs } = options;
  const { path, signal } = request;
  using watch = new QuietWatch(clock, quietMs, tooLate(name, path, quietMs));
  const both = signal === undefined ? watch.signal : AbortSignal.any([watch.signal, signal]);
  try {
    const response = await options.breaker.run(() => open(options, request, both));
    if (response === null) return yield noEvents;
    yield opened;
    const arrived: EventSourceMessage[] = [];
    const parser = createParser({ maxBufferSize: maxEventLength, onEvent: (event) => void arrived.push(event) });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      watch.alive();
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* arrived.splice(0);
    }
  } catch (error) {
    if (signal?.aborted === true) throw aborted(name, signal.reason);
    throw unreachable(name, request, watch.signal.aborted ? watch.signal.reason : error);
  }
}

/** Null where the answer is no stream of events. A 204 is an empty one: the end was seen. */
async function open(options: ResolvedClientOptions, request: ServiceRequest, signal: AbortSignal): Promise<Response | null> {
  const { name, clock } = options;
  try {
    const response = await send(options, { ...request, headers: { ...request.headers, accept: 'text/event-stream' } }, signal);
    const { status, headers } = response;
    if (status === 204 || (status === 200 && headers.get('content-type')?.startsWith('text/event-stream') === true)) return response;
    if (response.ok || status === 405 || status === 406) {
      await response.body?.cancel();
      return null;
    }
    throw refusalError(name, request.path, { status, headers, text: await response.text() }, clock.now());
  } catch (error) {
    throw MediaJobError.isInstance(error) || signal.aborted ? error : unreachable(name, request, error);
  }
}

/** Aborts when nothing has come for so long. */
class QuietWatch implements Disposable {
  readonly #control = new AbortController();
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #error: MediaJobError;
  #timer: Timer;

  constructor(clock: Clock, limitMs: number, error: MediaJobError) {
    [this.#clock, this.#limitMs, this.#error] = [clock, limitMs, error];
    this.#timer = this.#set();
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  alive(): void {
    this.#timer.cancel();
    this.#timer = this.#set();
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
  }

  #set(): Timer {
    return this.#clock.after(this.#limitMs, () => this.#control.abort(this.#error));
  }
}

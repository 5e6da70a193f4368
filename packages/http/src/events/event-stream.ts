import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

/** One event as the specification of server-sent events has it. */
export interface SentEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** A comment at least so often keeps proxies from cutting a quiet connection. */
const quietMs = 15_000;

/** What a client that lost the connection waits before it comes back. */
const retryMs = 1_000;

/** Given to a client to take what is left of the answer. */
const farewellMs = 2_000;

/** The answer as a stream of events. */
export interface EventStream extends AsyncDisposable {
  /** Resolves when the client can take more; what is written to one that is gone is lost. */
  write(event: SentEvent): Promise<void>;
}

/** Takes the answer out of Fastify's hands. Disposal ends it. */
export function openEventStream(reply: FastifyReply, signal: AbortSignal): EventStream {
  reply.hijack();
  const { raw } = reply;
  const headers = Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined));
  raw.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', connection: 'close', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' });
  raw.write(`retry: ${retryMs}\n\n`);
  const beat = setInterval(() => void raw.write(': still here\n\n'), quietMs);
  beat.unref();
  return {
    async write({ event, id, data }) {
      const text = `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
      if (raw.destroyed || raw.write(text)) return;
      await once(raw, 'drain', { signal }).catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      if (raw.destroyed) return;
      raw.end();
      // A client that does not read must not hold up the closing of the service.
      const timer = setTimeout(() => raw.destroy(), farewellMs);
      await once(raw, 'close').catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

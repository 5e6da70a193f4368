import { setTimeout as sleep } from 'node:timers/promises';
import type { JobState, StoreChange } from '@media-jobs/core';
import type { Clock, Logger } from '@media-jobs/foundation';
import type { RedisClient } from './client-rules.ts';
import type { Connection } from './connection.ts';
import { fullId, stateCodes } from './keys.ts';
import { closedError, storeError } from './redis-error.ts';
import { epochReplaced } from './scripts/epoch.ts';

/** Tells listeners what moved, in this process and in all others. */
export interface ChangeFeed extends AsyncDisposable {
  watch(listener: (change: StoreChange) => void): Disposable;
  /** Tells that the epoch was replaced, where the stream says so. */
  watchEpoch(listener: () => void): Disposable;
}

type News = StoreChange | typeof epochReplaced;

export interface ChangeFeedOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Key of the stream. */
  readonly events: string;
}

/**
 * How long one question may wait on the server. Each watcher of a fleet asks that often, and where the connection swallows everything
 * it hears of nothing for so long: what it watches is hints, and a beat tells a worker the same.
 */
export const blockMs = 10_000;
const pauseMs = 250;
const mostEvents = 500;

/** After news the next question waits this long, so that a busy store does not wake every watcher for each single move. */
const restMs = 10;

const stateOf: Readonly<Record<string, JobState>> = Object.fromEntries(Object.entries(stateCodes).map(([state, code]) => [code, state as JobState]));

/**
 * While somebody listens a connection of its own waits on the stream of events. It remembers how far it has read, so that
 * nothing is missed over a reconnect, unless more than a few hundred moves were made meanwhile.
 */
export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const listeners = new Set<(news: News) => void>();
  let running: { readonly ending: AbortController; readonly done: Promise<void> } | null = null;
  let closed = false;
  const tell = (news: News): void => {
    for (const listener of listeners) queueMicrotask(() => listeners.has(listener) && listener(news));
  };
  const stop = async (): Promise<void> => {
    const stopped = running;
    running = null;
    stopped?.ending.abort();
    await stopped?.done;
  };
  const listen = (own: (news: News) => void): Disposable => {
    if (closed) throw closedError();
    listeners.add(own);
    if (running === null) {
      const ending = new AbortController();
      running = { ending, done: follow(options, tell, ending.signal) };
    }
    return { [Symbol.dispose]: () => void (listeners.delete(own) && listeners.size === 0 && stop()) };
  };
  const dispose = async (): Promise<void> => {
    closed = true;
    listeners.clear();
    await stop();
  };
  return {
    watch: (listener) => listen((news) => void (news !== epochReplaced && listener(news))),
    watchEpoch: (listener) => listen((news) => void (news === epochReplaced && listener())),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Reads the stream until the signal aborts. Never rejects. */
async function follow({ connection, clock, logger, events }: ChangeFeedOptions, tell: (news: News) => void, signal: AbortSignal): Promise<void> {
  let position: string | null = null;
  let client: RedisClient | null = null;
  const onAbort = (): void => client?.disconnect();
  signal.addEventListener('abort', onAbort);
  while (!signal.aborted) {
    try {
      // Asked on the shared connection, so that what its handle does from now on comes after it.
      position ??= await connection.call(async (shared) => (await shared.xrevrange(events, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0');
      if (signal.aborted) break;
      client ??= connection.duplicate(blockMs);
      if (client.status === 'wait' || client.status === 'end') await client.connect();
      const streams: readonly (readonly [string, readonly (readonly [string, readonly string[]])[]])[] | null = await client.xread('COUNT', mostEvents, 'BLOCK', blockMs, 'STREAMS', events, position);
      for (const [id, fields] of streams?.[0]?.[1] ?? []) {
        position = id;
        for (const news of fields.flatMap((text, index) => (index % 2 === 0 ? [] : (readEvent(text) ?? [])))) tell(news);
      }
      if (streams !== null) await sleep(restMs, undefined, { signal, ref: false });
    } catch (error) {
      if (signal.aborted) break;
      logger.debug({ err: storeError(error).toJSON() }, 'Changes could not be read; they are looked for again.');
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }
  signal.removeEventListener('abort', onAbort);
  client?.disconnect();
}

/** Short id, generation, state, cancel, progress, phase; or that the epoch was replaced. Null for what is none of ours. */
function readEvent(event: string): News | null {
  if (event === epochReplaced) return event;
  const [, short, generation, code, cancel, progress, phase] = /^(\S{26}) (\d+) (\w) (\d) (\S+) (.*)$/s.exec(event) ?? [];
  const state = stateOf[code ?? ''];
  if (short === undefined || state === undefined) return null;
  return { id: fullId(short), generation: Number(generation), state, progress: Number(progress), phase: phase ?? '', ...(cancel === '1' ? { cancelRequested: true } : {}) };
}

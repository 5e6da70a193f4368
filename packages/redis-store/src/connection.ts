import { Redis, type Cluster } from 'ioredis';
import { MediaJobError, storeReconnects, type StoreReconnect, type Timer } from '@media-jobs/foundation';
import { isCluster, redisClientOptions, type RedisClient } from './client-rules.ts';
import { watchDatabase } from './database-number.ts';
import { describeUrl, type ResolvedRedisStoreOptions } from './options.ts';
import { closedError, hasMoved, storeError } from './redis-error.ts';

/** A client that is connected when it is first needed, and watched from then on. Throws errors of ours only. */
export interface Connection extends AsyncDisposable {
  /** Runs commands. While Redis is away it fails at once, save for the very first connecting, which is waited for. */
  readonly call: <Result>(run: (client: RedisClient) => Promise<Result>) => Promise<Result>;
  /** A client of its own, for commands that block up to a time in milliseconds; not connected yet. */
  readonly duplicate: (blockMs: number) => RedisClient;
}

/** Pauses between the first tries, in milliseconds: they double up to the last. */
const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** What the answer to a command that blocks may take beyond the time for which it blocks. */
const answerMs = 3_000;

/** Connects; see `redisStoreDefaults`. `liveKey` is any key of the store: in a cluster it leads to the node that matters. */
export function createConnection(options: ResolvedRedisStoreOptions, liveKey: string): Connection {
  const { source } = options;
  const ending = new AbortController();
  let connectedOnce = false;
  const client = 'client' in source ? source.client : ownClient(source.url, options, () => connectedOnce);
  let lastError: Error | null = null;
  const onError = (error: Error): void => void (lastError = error);
  client.on('error', onError);
  const database = watchDatabase(client);
  const pulse = createPulse(options, client, liveKey);

  let connecting: Promise<void> | null = null;
  const connect = async (): Promise<void> => {
    await connectAtFirst(client, options, ending.signal, () => lastError);
    await database.ask();
    connectedOnce = true;
    pulse.start();
  };
  const call: Connection['call'] = async (run) => {
    if (ending.signal.aborted) throw closedError();
    if (!connectedOnce) await (connecting ??= connect().finally(() => (connecting = null)));
    database.require();
    try {
      const result = await run(client);
      pulse.felt();
      return result;
    } catch (error) {
      if (ending.signal.aborted) throw closedError();
      throw failureOf(error, client);
    }
  };
  const dispose = async (): Promise<void> => {
    ending.abort();
    pulse[Symbol.dispose]();
    database[Symbol.dispose]();
    await connecting?.catch(() => undefined);
    if ('client' in source) client.off('error', onError);
    else client.disconnect();
  };
  return { call, duplicate: (blockMs) => duplicateOf(client, blockMs + answerMs), [Symbol.asyncDispose]: dispose };
}

function tellReconnect(): void {
  storeReconnects.publish({ store: 'redis' } satisfies StoreReconnect);
}

/** A pipeline in which two slots have moved is neither sent again nor taken as news by ioredis, so the next one would go astray too. */
function failureOf(error: unknown, client: RedisClient): MediaJobError {
  if (isCluster(client) && hasMoved(error)) client.refreshSlotsCache();
  return storeError(error);
}

function ownClient(url: string, { connectTimeoutMs }: ResolvedRedisStoreOptions, connectedOnce: () => boolean): Redis {
  return new Redis(url, {
    ...redisClientOptions,
    connectTimeout: connectTimeoutMs,
    socketTimeout: Math.min(connectTimeoutMs, redisClientOptions.socketTimeout),
    // The first tries are counted by us; later ones never end.
    retryStrategy: (times) => (connectedOnce() ? redisClientOptions.retryStrategy(times) : null),
  });
}

function duplicateOf(client: RedisClient, timeoutMs: number): RedisClient {
  const timeouts = { commandTimeout: timeoutMs, socketTimeout: timeoutMs };
  const own = isCluster(client)
    ? client.duplicate([], { lazyConnect: true, redisOptions: { ...nodeOptions(client), ...timeouts } })
    : client.duplicate({ lazyConnect: true, retryStrategy: redisClientOptions.retryStrategy, ...timeouts });
  own.on('error', () => undefined);
  return own;
}

/** Those of the nodes of a cluster; `duplicate` takes a mapping of replies only where there is one. */
function nodeOptions({ options: { redisOptions = {} } }: Cluster) {
  const { replyMapping, ...others } = redisOptions;
  return { ...others, ...(replyMapping === undefined ? {} : { replyMapping }) };
}

/** Tries as often as the options allow. Throws `STORE_UNAVAILABLE`, or `CLOSED` when the signal aborts. */
async function connectAtFirst(client: RedisClient, options: ResolvedRedisStoreOptions, signal: AbortSignal, lastError: () => Error | null): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const failure = await tryToConnect(client, options).then(() => null, (error: unknown) => error);
    if (signal.aborted) throw closedError();
    if (failure === null) return;
    if (attempt === options.connectAttempts) throw unreachable(options, lastError() ?? failure);
    await options.clock.sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)), signal).catch(() => undefined);
  }
}

/** One try. Rejects when it failed or took too long. */
async function tryToConnect(client: RedisClient, { clock, connectTimeoutMs }: ResolvedRedisStoreOptions): Promise<void> {
  if (client.status === 'ready') return;
  let timer: Timer | undefined;
  let onReady = (): void => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    onReady = resolve;
    client.once('ready', onReady);
    timer = clock.after(connectTimeoutMs, () => reject(new Error(`no connection within ${connectTimeoutMs} ms`)));
    // A client that is connecting already is only waited for: it may be its maker's.
    if (client.status === 'wait' || client.status === 'end' || client.status === 'close') client.connect().then(resolve, reject);
  });
  try {
    await ready;
  } finally {
    timer?.cancel();
    client.off('ready', onReady);
  }
}

function unreachable({ source, connectAttempts }: ResolvedRedisStoreOptions, cause: unknown): MediaJobError {
  const place = 'url' in source ? describeUrl(source.url) : 'the address of the client';
  return new MediaJobError('STORE_UNAVAILABLE', {
    message: `Expected Redis to answer at ${place}, got no connection in ${connectAttempts} tries: ${(cause as Error).message}`,
    advice: 'Start Redis or check the address; the next call tries again.',
    facts: { connectAttempts },
    cause,
  });
}

/** Notices a connection that swallows everything, and ends it, so that the client makes a new one. */
function createPulse({ clock, pingIntervalMs, logger }: ResolvedRedisStoreOptions, client: RedisClient, liveKey: string): Disposable & { start(): void; felt(): void } {
  let timer: Timer | undefined;
  let alive = false;
  let ended = false;
  const look = async (): Promise<void> => {
    if (!alive && client.status === 'ready') {
      try {
        await client.exists(liveKey);
      } catch (error) {
        if (ended) return;
        logger.warn({ err: storeError(error).toJSON() }, 'Redis gave no sign of life; the connection is made anew.');
        reconnect(client);
      }
    }
    alive = false;
    rest();
  };
  client.on('reconnecting', tellReconnect);
  const rest = (): void => {
    if (!ended) timer = clock.after(pingIntervalMs, () => void look());
  };
  return {
    start: rest,
    felt: () => void (alive = true),
    [Symbol.dispose]: () => {
      ended = true;
      client.off('reconnecting', tellReconnect);
      timer?.cancel();
    },
  };
}

function reconnect(client: RedisClient): void {
  for (const node of isCluster(client) ? client.nodes('all') : [client]) node.disconnect(true);
}

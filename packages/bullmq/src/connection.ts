import { MediaJobError, type Clock, type Logger } from '@media-jobs/foundation';
import { Redis, type RedisOptions } from 'ioredis';
import { closedError, queueError } from './queue-error.ts';

/** Longest time that a command may take. */
const commandTimeoutMs = 5_000;

/** The very first connecting is waited for. */
const firstConnectMs = 5_000;

/** BullMQ blocks for up to 10 s at a time: a connection that is silent for longer is broken. */
const silentMs = 15_000;

/** BullMQ reads answers in the shapes of ioredis 5. */
const reconnect = { replyMapping: 'legacy', connectTimeout: 10_000, keepAlive: 10_000, retryStrategy: (times: number): number => Math.min(1_000, 25 * 2 ** Math.min(times, 6)) } as const;

/** For whoever waits for an answer: fails soon, and sends nothing twice without saying so. */
const promptOptions = { ...reconnect, lazyConnect: true, enableOfflineQueue: false, enableAutoPipelining: true, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, commandTimeout: commandTimeoutMs, socketTimeout: commandTimeoutMs } satisfies RedisOptions;

/** For workers, as BullMQ wants it: waits for Redis to come back, and sends again what had no answer. What ends in one turn is told in one write. */
const patientOptions = { ...reconnect, lazyConnect: true, enableAutoPipelining: true, maxRetriesPerRequest: null, socketTimeout: silentMs } satisfies RedisOptions;

/** The clients of one queue. */
export interface Connection extends Disposable {
  /** Fails at once while Redis is away. Use it through `call`. */
  readonly prompt: Redis;
  /** Runs commands on `prompt`. Throws `QUEUE_UNAVAILABLE` within seconds, and `CLOSED` after disposal. */
  readonly call: <Result>(run: () => Promise<Result>) => Promise<Result>;
  /** The client of the workers. BullMQ makes others of it that block, and ends those itself. */
  readonly patient: () => Redis;
  /** Whether the workers' client is connected now. */
  readonly isReady: () => boolean;
}

/** Makes the clients of a queue; nothing is sent before the first call. */
export function createConnection(target: string | RedisOptions, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): Connection {
  const open = (options: typeof promptOptions | typeof patientOptions): Redis => {
    const client = typeof target === 'string' ? new Redis(target, options) : new Redis({ ...target, ...options });
    client.on('error', (error: Error) => logger.debug({ err: MediaJobError.from(error) }, 'The Redis of the queue is away'));
    return client;
  };
  const prompt = open(promptOptions);
  let patient: Redis | undefined;
  let first: Promise<void> | undefined;
  let closed = false;
  const connect = async (): Promise<void> => {
    const cut = new AbortController();
    const late = clock.sleep(firstConnectMs, cut.signal).then(() => Promise.reject(new Error(`Redis could not be reached within ${firstConnectMs} ms`)), () => undefined);
    try {
      await Promise.race([prompt.connect(), late]);
    } finally {
      cut.abort();
    }
  };
  return {
    prompt,
    patient: () => (patient ??= withBlockingDuplicates(open(patientOptions))),
    isReady: () => patient?.status === 'ready',
    async call(run) {
      if (closed) throw closedError();
      try {
        await (first ??= connect());
      } catch (error) {
        // From here on the client tries by itself.
        if (prompt.status === 'end' || prompt.status === 'wait') first = undefined;
        if (prompt.status !== 'ready') throw queueError(error);
      }
      return run().catch((error: unknown) => Promise.reject(closed ? closedError() : queueError(error)));
    },
    [Symbol.dispose]() {
      closed = true;
      prompt.disconnect();
      patient?.disconnect();
    },
  };
}

/** A command that blocks must wait for no other, and no other for it. */
function withBlockingDuplicates(client: Redis): Redis {
  client.duplicate = (override) => Redis.prototype.duplicate.call(client, { ...override, enableAutoPipelining: false });
  return client;
}

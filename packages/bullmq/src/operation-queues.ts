import { Queue } from 'bullmq';
import type { Connection } from './connection.ts';
import { bullmqPrefix, registryKeys } from './names.ts';
import type { ResolvedBullmqQueueOptions } from './options.ts';

/** A queue of BullMQ for each operation. Its calls throw what the client does. */
export interface OperationQueues {
  /** The queue of an operation, entered in the list of all, and paused if all are. */
  open(operation: string): Promise<Queue>;
  /** Of all operations that anybody ever named. */
  all(): Promise<readonly Queue[]>;
  /** Of all operations, also those that are named later. */
  setPaused(paused: boolean): Promise<void>;
}

/** A pointer is far smaller; what is larger is none. */
const maxEntryBytes = 1_024;

const eventsKept = 1_000;

/** Makes the queues when they are first named. */
export function createOperationQueues(connection: Connection, options: ResolvedBullmqQueueOptions): OperationQueues {
  const { prompt } = connection;
  const keys = registryKeys(options.prefix);
  const queues = new Map<string, Promise<Queue>>();
  const make = async (operation: string): Promise<Queue> => {
    const queue = createQueue(connection, options, operation);
    await prompt.sadd(keys.operations, operation);
    // First the list, then the look: whoever pauses does it the other way round, and one of the two sees the other.
    if ((await prompt.exists(keys.paused)) === 1) await queue.pause();
    return queue;
  };
  const open = (operation: string): Promise<Queue> => {
    const known = queues.get(operation);
    if (known !== undefined) return known;
    const made = make(operation);
    queues.set(operation, made);
    made.catch(() => queues.delete(operation));
    return made;
  };
  const all = async (): Promise<readonly Queue[]> => {
    const named = new Set([...queues.keys(), ...(await prompt.smembers(keys.operations))]);
    return Promise.all(Array.from(named, open));
  };
  const setPaused = async (paused: boolean): Promise<void> => {
    await (paused ? prompt.set(keys.paused, '1') : prompt.del(keys.paused));
    for (const queue of await all()) await (paused ? queue.pause() : queue.resume());
  };
  return { open, all, setPaused };
}

function createQueue({ prompt }: Connection, { prefix, telemetry, keepEnded, logger }: ResolvedBullmqQueueOptions, operation: string): Queue {
  const queue = new Queue(operation, {
    connection: prompt,
    prefix: bullmqPrefix(prefix, operation),
    streams: { events: { maxLen: eventsKept } },
    // The store tries again, counts attempts and keeps results: BullMQ does none of it.
    defaultJobOptions: { attempts: 1, removeOnComplete: { count: keepEnded }, removeOnFail: { count: keepEnded }, sizeLimit: maxEntryBytes, stackTraceLimit: 1, keepLogs: 0 },
    // The version check is a command without which BullMQ never gets ready; the store's own check looks at the server.
    skipWaitingForReady: true,
    skipVersionCheck: true,
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  queue.on('error', (error) => logger.debug({ err: error, operation }, 'The queue of an operation has a fault'));
  return queue;
}

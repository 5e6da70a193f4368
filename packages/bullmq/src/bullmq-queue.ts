import type { Dispatch, DispatchHandler, JobQueue } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { Queue } from 'bullmq';
import { createConnection, type Connection } from './connection.ts';
import { startConsumer, type Consumer } from './consumer.ts';
import { createLine, type Line } from './line.ts';
import { resolveOptions, type BullmqQueueOptions, type ResolvedBullmqQueueOptions } from './options.ts';
import { closedError } from './queue-error.ts';

/** A queue on BullMQ. */
export interface BullmqQueue extends JobQueue {
  /** The queues of BullMQ, one for each operation that anybody ever named, for boards and other tools. They end with this one: close none of them. */
  queues(): Promise<readonly Queue[]>;
  /** The queue of BullMQ for one operation; it is among `queues` from then on. */
  open(operation: string): Promise<Queue>;
}

/**
 * A line in Redis that any number of processes on any number of machines share, with a queue of BullMQ for each operation.
 * It carries pointers only: attempts, back-off, dead letters, results and files are the store's. Nothing is sent before the
 * first call. Throws `INVALID_OPTION`; its calls throw `QUEUE_UNAVAILABLE` within seconds while Redis is away.
 */
export function createBullmqQueue(options: BullmqQueueOptions): BullmqQueue {
  return new Bullmq(resolveOptions(options));
}

class Bullmq implements BullmqQueue {
  readonly specVersion = 1;
  readonly capabilities = { shared: true };
  readonly #options: ResolvedBullmqQueueOptions;
  readonly #connection: Connection;
  readonly #line: Line;
  #consumers: readonly Consumer[] = [];
  #closed = false;
  #disposal: Promise<void> | undefined;

  constructor(options: ResolvedBullmqQueueOptions) {
    this.#options = options;
    this.#connection = createConnection(options.connection, options);
    this.#line = createLine(this.#connection, options);
  }

  dispatch(dispatch: Dispatch): Promise<void> {
    return this.#line.dispatch(dispatch);
  }

  /** Does not wait for Redis: while that is away, the workers begin when it is back. */
  async consume(handler: DispatchHandler, concurrency: Readonly<Record<string, number>>): Promise<void> {
    if (this.#closed) throw closedError();
    const [connection, options] = [this.#connection, this.#options];
    const wide = Object.entries(concurrency).filter(([, width]) => width > 0);
    this.#consumers = wide.map(([operation, width]) => startConsumer({ operation, width, handler, connection, options }));
    for (const [operation] of wide) await this.#limitFleet(operation);
  }

  depth(): Promise<{ readonly waiting: number; readonly running: number }> {
    return this.#line.depth();
  }

  purge(): Promise<number> {
    return this.#line.purge();
  }

  forget(olderThanMs: number): Promise<number> {
    return this.#line.forget(olderThanMs);
  }

  pause(): Promise<void> {
    return this.#line.setPaused(true);
  }

  resume(): Promise<void> {
    return this.#line.setPaused(false);
  }

  queues(): Promise<readonly Queue[]> {
    return this.#line.all();
  }

  open(operation: string): Promise<Queue> {
    return this.#line.open(operation);
  }

  /** What is given back by the work that is stopped can still be handed to others: the connection ends with disposal. */
  async close({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#closed = true;
    for (const consumer of this.#consumers) consumer.stop();
    const cut = new AbortController();
    const late = this.#options.clock.sleep(deadlineMs, cut.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#consumers.map((consumer) => consumer.idle())), late]);
    cut.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    await this.close({ deadlineMs: 0 });
    await Promise.all(this.#consumers.map((consumer) => consumer.end()));
    this.#connection[Symbol.dispose]();
  }

  async #limitFleet(operation: string): Promise<void> {
    const { fleetLimits, logger } = this.#options;
    const { concurrency, rate } = fleetLimits[operation] ?? {};
    try {
      const queue = await this.#line.open(operation);
      await this.#connection.call(async () => {
        await (concurrency === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(concurrency));
        await (rate === undefined ? queue.removeGlobalRateLimit() : queue.setGlobalRateLimit(rate.max, rate.perMs));
      });
    } catch (error) {
      logger.warn({ err: MediaJobError.from(error), operation }, 'The limits over all machines could not be written down; those that stand there count');
    }
  }
}

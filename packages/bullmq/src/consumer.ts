import { MediaJobError } from '@media-jobs/foundation';
import type { DispatchHandler } from '@media-jobs/core';
import { WaitingError, Worker, type Job } from 'bullmq';
import type { Connection } from './connection.ts';
import { bullmqPrefix, pointerOf } from './names.ts';
import type { ResolvedBullmqQueueOptions } from './options.ts';

/** Takes the entries of one operation out and hands them to a handler. */
export interface Consumer {
  /** Takes nothing more out; what comes all the same goes back. */
  stop(): void;
  /** Resolves when no handler runs. */
  idle(): Promise<void>;
  /** Ends the worker in order, if it can be, and never waits for Redis for long. */
  end(): Promise<void>;
}

export interface ConsumerOptions {
  readonly operation: string;
  readonly width: number;
  readonly handler: DispatchHandler;
  readonly connection: Connection;
  readonly options: ResolvedBullmqQueueOptions;
}

/** Given to BullMQ to write down that entries have ended. */
const farewellMs = 1_000;

/** BullMQ fails no job by itself: how often a worker may be lost is for the store to count. */
const maxStalledCount = 1_000_000;

/** Starts a worker of BullMQ. */
export function startConsumer({ operation, width, handler, connection, options }: ConsumerOptions): Consumer {
  const { prefix, lockMs, stalledCheckMs, telemetry, logger, clock } = options;
  const running = new Set<Promise<void>>();
  let stopped = false;
  // BullMQ gives the signal only to functions with three parameters.
  const process = async (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> => {
    const pointer = pointerOf(job.data);
    if (stopped) return giveBack(job, token);
    if (pointer === null) return logger.warn({ entry: job.id, operation }, 'An entry of the queue is none of ours; it is dropped');
    const work = handler(pointer, operation, signal);
    running.add(work);
    await work.finally(() => running.delete(work));
  };
  const worker = new Worker(operation, process, {
    connection: connection.patient(), prefix: bullmqPrefix(prefix, operation), autorun: false, concurrency: width, skipVersionCheck: true,
    lockDuration: lockMs, stalledInterval: stalledCheckMs, maxStalledCount, drainDelay: 5, ...(telemetry === undefined ? {} : { telemetry }),
  });
  worker.on('error', (error) => logger.debug({ err: MediaJobError.from(error), operation }, 'A worker of the queue has a fault; it goes on'));
  // BullMQ says it again at each renewal, and would let the attempt run to its end.
  worker.on('lockRenewalFailed', (ids) => {
    logger.warn({ entries: ids, operation }, 'The queue has lost sight of work that is done here; it is stopped');
    for (const id of ids) worker.cancelJob(id, 'lock lost');
  });
  worker.run().catch((error: unknown) => logger.error({ err: MediaJobError.from(error), operation }, 'A worker of the queue has ended'));
  return {
    stop() {
      stopped = true;
      worker.pause(true).catch((error: unknown) => logger.debug({ err: MediaJobError.from(error), operation }, 'A worker of the queue does not pause'));
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
    async end() {
      // A close in order that has begun cannot be forced any more, and never ends while Redis is away.
      const orderly = running.size === 0 && connection.isReady();
      const cut = new AbortController();
      const late = clock.sleep(farewellMs, cut.signal).catch(() => undefined);
      const closing = worker.close(!orderly).catch((error: unknown) => logger.debug({ err: MediaJobError.from(error), operation }, 'A worker of the queue does not close'));
      await Promise.race([closing, late]);
      cut.abort();
    },
  };
}

/** An entry that came while the worker was being stopped waits for another. */
async function giveBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

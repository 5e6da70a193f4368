import { MediaJobError, silentLogger, systemClock, type Clock } from '@media-jobs/foundation';
import { Queue, Worker, type Job, type RepeatOptions } from 'bullmq';
import { createConnection } from './connection.ts';
import { bullmqQueueDefaults, checkConnection, checkPrefix, invalid, type BullmqQueueOptions } from './options.ts';
import { queueError } from './queue-error.ts';

/** When something is to be submitted, and how. */
export interface ScheduleOptions extends Pick<BullmqQueueOptions, 'connection' | 'prefix' | 'clock' | 'logger'> {
  /** Names the schedule; all processes that give the same name share its ticks. Letters, digits and dashes. */
  readonly name: string;
  /** A cron expression such as `0 3 * * *`, or a time between two ticks, in ms. */
  readonly when: string | number;
  /** Of the cron expression. Default `UTC`. */
  readonly timeZone?: string;
  /**
   * Called once for each tick, by one of the processes; twice, when that one died in it. So it must be idempotent: submit
   * jobs with the time of the tick in their input, for then the second submit finds the first one's job. What it throws is logged.
   */
  readonly submit: (tick: Date) => Promise<unknown>;
}

/** A schedule that runs. Disposal ends this process's part; other processes go on. */
export interface Schedule extends AsyncDisposable {
  /** Ends it for all processes. Throws `QUEUE_UNAVAILABLE`. */
  remove(): Promise<void>;
}

const farewellMs = 1_000;

/**
 * Submits on a schedule that is kept in Redis, so that of many processes one acts on each tick. Throws `INVALID_OPTION` and
 * `QUEUE_UNAVAILABLE`.
 */
export async function createSchedule(options: ScheduleOptions): Promise<Schedule> {
  const { name, when, timeZone = 'UTC', submit, connection: target, prefix = bullmqQueueDefaults.prefix, clock = systemClock, logger = silentLogger } = options;
  check(options, prefix);
  const connection = createConnection(target, { clock, logger });
  const shared = { prefix: `{${prefix}:schedule:${name}}`, skipVersionCheck: true };
  const fault = (error: Error): void => logger.debug({ err: error, schedule: name }, 'A schedule has a fault');
  const queue = new Queue(name, { connection: connection.prompt, ...shared, skipWaitingForReady: true });
  queue.on('error', fault);
  try {
    await connection.call(() => enter(queue, name, typeof when === 'number' ? { every: when } : { pattern: when, tz: timeZone }));
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
  const act = async (job: Job): Promise<void> => {
    // The time that the tick was meant for, not that at which it came.
    const tick = new Date(job.timestamp + (job.opts.delay ?? 0));
    await submit(tick).catch((error: unknown) => logger.error({ err: MediaJobError.from(error), schedule: name, tick }, 'A scheduled submit failed; the next tick tries again'));
  };
  const worker = new Worker(name, act, { connection: connection.patient(), ...shared, concurrency: 1, maxStalledCount: 1_000_000 });
  worker.on('error', fault);
  return running({ name, clock, worker, queue, connection });
}

/** BullMQ parses the expression before it sends anything: what then has no answer is no mistake of the caller. */
async function enter(queue: Queue, name: string, repeat: RepeatOptions): Promise<void> {
  await queue.upsertJobScheduler(name, repeat, { name, opts: { attempts: 1, removeOnComplete: true, removeOnFail: true } }).catch((error: unknown) => {
    throw isMistake(error) ? invalid('when', 'a cron expression or a time in ms', repeat.pattern ?? repeat.every, 'Such as `0 3 * * *`, or 3_600_000.') : queueError(error);
  });
}

interface Parts {
  readonly name: string;
  readonly clock: Clock;
  readonly worker: Worker;
  readonly queue: Queue;
  readonly connection: ReturnType<typeof createConnection>;
}

function running({ name, clock, worker, queue, connection }: Parts): Schedule {
  let disposed = false;
  return {
    remove: () => connection.call(async () => void (await queue.removeJobScheduler(name))),
    async [Symbol.asyncDispose]() {
      if (disposed) return;
      disposed = true;
      const cut = new AbortController();
      await Promise.race([worker.close(!connection.isReady()), clock.sleep(farewellMs, cut.signal)]).catch(() => undefined);
      cut.abort();
      connection[Symbol.dispose]();
    },
  };
}

function isMistake(error: unknown): boolean {
  return !MediaJobError.isInstance(error) && error instanceof Error && /cron|pattern|constraint|characters|every|validation/i.test(error.message);
}

function check({ name, when, submit, connection }: ScheduleOptions, prefix: string): void {
  checkConnection(connection);
  checkPrefix(prefix);
  if (typeof name !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(name)) throw invalid('name', '1 to 64 letters, digits and dashes', name, 'It names the schedule in Redis.');
  if (typeof when === 'number' ? !(Number.isSafeInteger(when) && when >= 1) : typeof when !== 'string' || when === '') throw invalid('when', 'a cron expression or a time in ms', when, 'Such as `0 3 * * *`, or 3_600_000.');
  if (typeof submit !== 'function') throw invalid('submit', 'a function', submit, 'It is called with the time of each tick.');
}

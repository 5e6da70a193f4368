import { inspect } from 'node:util';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import type { Telemetry } from 'bullmq';
import type { RedisOptions } from 'ioredis';

/** What all workers together may do with one operation. Whoever consumes it writes this down; the last one counts. */
export interface FleetLimit {
  /** Jobs that run at once, on all machines. */
  readonly concurrency?: number;
  /** Jobs that begin within a time, on all machines. */
  readonly rate?: { readonly max: number; readonly perMs: number };
}

/** How the queue is set up. All processes that share it give the same `prefix`. */
export interface BullmqQueueOptions {
  /** URL of one Redis, such as `redis://localhost:6379/1`, or options of ioredis 6. Commands, retries and time limits are set by the queue. */
  readonly connection: string | RedisOptions;
  /** All keys begin with `{prefix:queue}`. Default `media-jobs`. */
  readonly prefix?: string;
  /**
   * How long BullMQ believes in a worker that it does not hear of, in ms; renewed at half of it. When a lock is lost all the
   * same, the attempt is stopped and the job put in line again. Default 60,000.
   */
  readonly lockMs?: number;
  /** How often a worker looks for entries whose lock has run out, in ms. Default 30,000. */
  readonly stalledCheckMs?: number;
  /** Entries of ended work that are kept for boards, for each operation, at most for the time to live of jobs. Each costs Redis a few commands more. Default 0. */
  readonly keepEnded?: number;
  /** Limits over all machines, by operation. Default: none. */
  readonly fleetLimits?: Readonly<Record<string, FleetLimit>>;
  /** Such as `new BullMQOtel({ tracerName: 'media-jobs' })` of `bullmq-otel`. Default: none. */
  readonly telemetry?: Telemetry;
  /** Drives the timers of this package; BullMQ has its own. Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** What is in force when an option is not given. */
export const bullmqQueueDefaults = Object.freeze({ prefix: 'media-jobs', lockMs: 60_000, stalledCheckMs: 30_000, keepEnded: 0 });

/** The options with every default filled in. */
export interface ResolvedBullmqQueueOptions extends Required<Omit<BullmqQueueOptions, 'telemetry'>> {
  readonly telemetry: Telemetry | undefined;
}

/** Refuses an option. */
export function invalid(name: string, expected: string, got: unknown, advice: string): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${name}\` to be ${expected}, got \`${inspect(got, { depth: 0 })}\`.`, advice, facts: { option: name } });
}

function checkInteger(name: string, value: unknown, least: number, advice: string): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return;
  throw invalid(name, `a whole number of at least ${least}`, value, advice);
}

/** Throws `INVALID_OPTION` for what is no address of one Redis. */
export function checkConnection(connection: BullmqQueueOptions['connection']): void {
  const advice = 'Such as `redis://localhost:6379/1`, or `{ host, port }`.';
  if (typeof connection === 'string') {
    if (URL.canParse(connection) && ['redis:', 'rediss:'].includes(new URL(connection).protocol)) return;
    throw invalid('connection', 'a URL that begins with redis:// or rediss://', URL.canParse(connection) ? new URL(connection).protocol : 'no URL', advice);
  }
  if (typeof connection !== 'object' || connection === null || 'duplicate' in connection) throw invalid('connection', 'a URL, or options of ioredis', connection, `The queue makes its own clients, because some of them block. ${advice}`);
  if (connection.keyPrefix !== undefined && connection.keyPrefix !== '') throw invalid('keyPrefix', 'unset', connection.keyPrefix, 'BullMQ does not see it. Give the queue a `prefix` instead.');
}

/** Throws `INVALID_OPTION` for what cannot begin the keys. */
export function checkPrefix(prefix: unknown): void {
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9._:-]{1,64}$/.test(prefix)) throw invalid('prefix', '1 to 64 letters, digits, dots, colons, dashes or underscores', prefix, 'It becomes part of the hash tag of all keys.');
}

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveOptions(options: BullmqQueueOptions): ResolvedBullmqQueueOptions {
  const {
    connection, prefix = bullmqQueueDefaults.prefix, lockMs = bullmqQueueDefaults.lockMs, stalledCheckMs = bullmqQueueDefaults.stalledCheckMs, keepEnded = bullmqQueueDefaults.keepEnded,
    fleetLimits = {}, telemetry, clock = systemClock, logger = silentLogger,
  } = options;
  checkConnection(connection);
  checkPrefix(prefix);
  checkInteger('lockMs', lockMs, 100, 'Give how long a worker may be silent.');
  checkInteger('stalledCheckMs', stalledCheckMs, 100, 'Give the time between two looks.');
  checkInteger('keepEnded', keepEnded, 0, 'Give how many entries of ended work are kept.');
  for (const [operation, { concurrency, rate }] of Object.entries(fleetLimits)) {
    if (concurrency !== undefined) checkInteger(`fleetLimits.${operation}.concurrency`, concurrency, 1, 'Give how many may run at once on all machines.');
    if (rate === undefined) continue;
    checkInteger(`fleetLimits.${operation}.rate.max`, rate.max, 1, 'Give how many may begin within `perMs`.');
    checkInteger(`fleetLimits.${operation}.rate.perMs`, rate.perMs, 1, 'Give the time in ms that `max` is for.');
  }
  return Object.freeze({ connection, prefix, lockMs, stalledCheckMs, keepEnded, fleetLimits, telemetry, clock, logger });
}

import { inspect } from 'node:util';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { checkClient, type RedisClient } from './client-rules.ts';

/** How a Redis store is set up: with `url`, or with a `client` that belongs to whoever made it. */
export interface RedisStoreOptions {
  /** Such as `redis://localhost:6379/0`, or `rediss://` for TLS. The store makes its own client and closes it. */
  readonly url?: string;
  /** A client of ioredis 6, set up with `redisClientOptions` or `redisClusterOptions`. The store never closes it. */
  readonly client?: RedisClient;
  /** All keys begin with `{prefix}`. Services that share a database need one each. Default `media-jobs`. */
  readonly prefix?: string;
  /**
   * The database is this service's alone: a reset then empties it with one `FLUSHDB ASYNC`, whatever lies in it. Not with a
   * cluster, which has one database for all. Default `false`: only keys that begin with `{prefix}` are ever touched.
   */
  readonly ownsDatabase?: boolean;
  /** Drives timers only; the time of jobs is the server's. Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How often connecting is tried at the start before `STORE_UNAVAILABLE`. Default 10. */
  readonly connectAttempts?: number;
  /** How long one try may take. Default 10 000 ms. */
  readonly connectTimeoutMs?: number;
  /** How long the connection may be idle before it is asked for a sign of life. Default 30 000 ms. */
  readonly pingIntervalMs?: number;
  /** How many replicas must have a write before it is acknowledged. Default 0: none is waited for. */
  readonly minReplicas?: number;
  /** How long to wait for them; then `STORE_UNAVAILABLE`. Below the client's `commandTimeout`. Default 1 000 ms. */
  readonly waitReplicasMs?: number;
  /** Added to the server's time, for tests. Default 0. A function is asked at each call. */
  readonly clockOffsetMs?: number | (() => number);
}

/** The options with every default filled in. */
export interface ResolvedRedisStoreOptions extends Required<Omit<RedisStoreOptions, 'url' | 'client' | 'clockOffsetMs'>> {
  /** The client's maker closes it, unless it is a URL. */
  readonly source: { readonly url: string } | { readonly client: RedisClient };
  readonly clockOffsetMs: () => number;
}

/** What is in force when an option is not given. */
export const redisStoreDefaults = Object.freeze({ prefix: 'media-jobs', ownsDatabase: false, connectAttempts: 10, connectTimeoutMs: 10_000, pingIntervalMs: 30_000, minReplicas: 0, waitReplicasMs: 1_000, clockOffsetMs: 0 });

function invalid(name: string, expected: string, got: unknown, advice: string): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${name}\` to be ${expected}, got \`${inspect(got, { depth: 0 })}\`.`, advice, facts: { option: name } });
}

function checkInteger(name: string, value: unknown, least: number, most: number, advice: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(name, `a whole number from ${least} to ${most}`, value, advice);
}

/** The URL without its password, for messages. */
export function describeUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}${new URL(url).pathname}` : 'no URL';
}

function sourceOf({ url, client }: RedisStoreOptions): ResolvedRedisStoreOptions['source'] {
  if (url !== undefined && client !== undefined) throw invalid('client', 'left out where `url` is given', 'a client', 'Give one of the two.');
  if (client !== undefined) {
    checkClient(client);
    return { client };
  }
  if (typeof url !== 'string' || !URL.canParse(url) || !['redis:', 'rediss:'].includes(new URL(url).protocol)) {
    throw invalid('url', 'a URL that begins with redis:// or rediss://', typeof url === 'string' ? describeUrl(url) : url, 'Such as `redis://localhost:6379/0`; or give a `client`.');
  }
  return { url };
}

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveOptions(options: RedisStoreOptions): ResolvedRedisStoreOptions {
  const {
    prefix = redisStoreDefaults.prefix,
    ownsDatabase = redisStoreDefaults.ownsDatabase,
    clock = systemClock,
    logger = silentLogger,
    connectAttempts = redisStoreDefaults.connectAttempts,
    connectTimeoutMs = redisStoreDefaults.connectTimeoutMs,
    pingIntervalMs = redisStoreDefaults.pingIntervalMs,
    minReplicas = redisStoreDefaults.minReplicas,
    waitReplicasMs = redisStoreDefaults.waitReplicasMs,
    clockOffsetMs = redisStoreDefaults.clockOffsetMs,
  } = options;
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9._:-]{1,64}$/.test(prefix)) throw invalid('prefix', '1 to 64 letters, digits, dots, colons, dashes or underscores', prefix, 'It becomes the hash tag of all keys.');
  if (typeof ownsDatabase !== 'boolean') throw invalid('ownsDatabase', '`true` or `false`', ownsDatabase, 'With `true` a reset empties the whole database.');
  if (ownsDatabase && options.client?.isCluster === true) throw invalid('ownsDatabase', 'left out with a cluster', ownsDatabase, 'A cluster has one database for all its users; the keys of the prefix are removed in batches.');
  checkInteger('connectAttempts', connectAttempts, 1, 1_000, 'Give how often connecting is tried.');
  checkInteger('connectTimeoutMs', connectTimeoutMs, 1, 600_000, 'Give the longest time of one try.');
  checkInteger('pingIntervalMs', pingIntervalMs, 1, 3_600_000, 'Give the time between two signs of life.');
  checkInteger('minReplicas', minReplicas, 0, 100, 'Give how many replicas must have a write.');
  checkInteger('waitReplicasMs', waitReplicasMs, 1, 60_000, 'Redis takes 0 for ever, which is never wanted here.');
  const offset = typeof clockOffsetMs === 'function' ? clockOffsetMs : (): number => clockOffsetMs;
  if (!Number.isFinite(offset())) throw invalid('clockOffsetMs', 'a number of milliseconds', clockOffsetMs, 'It is 0 in production.');
  return Object.freeze({ source: sourceOf(options), prefix, ownsDatabase, clock, logger, connectAttempts, connectTimeoutMs, pingIntervalMs, minReplicas, waitReplicasMs, clockOffsetMs: offset });
}

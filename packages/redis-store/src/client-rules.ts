import { inspect } from 'node:util';
import { MediaJobError } from '@media-jobs/foundation';
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';

/** A client of ioredis 6, for one node or for a cluster. */
export type RedisClient = Redis | Cluster;

/** Longest time that a command may take, unless the client says otherwise. */
const commandTimeoutMs = 5_000;

/**
 * How a client of one node must be set up. Spread it into the options of `new Redis(url, …)`.
 *
 * Commands fail at once while Redis is away and are never sent twice: a commit that was sent again would be refused, and its
 * result thrown away. `socketTimeout` ends a connection that swallows commands. Calls of
 * one turn of the event loop are written together.
 */
export const redisClientOptions = Object.freeze({
  lazyConnect: true,
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: commandTimeoutMs,
  socketTimeout: commandTimeoutMs,
  connectTimeout: 10_000,
  keepAlive: 10_000,
  retryStrategy: (times: number): number => Math.min(1_000, 25 * 2 ** Math.min(times, 6)),
  reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
} satisfies RedisOptions);

/** How a client of a cluster must be set up. Spread it into the options of `new Cluster(nodes, …)`. */
export const redisClusterOptions = Object.freeze({
  lazyConnect: true,
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  retryDelayOnFailover: 0,
  clusterRetryStrategy: (times: number): number => Math.min(1_000, 100 * times),
  redisOptions: {
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs,
    keepAlive: 10_000,
  },
} satisfies ClusterOptions);

/** Whether the client is one of a cluster. */
export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

function refuse(option: string, expected: string, got: unknown, advice: string): never {
  throw new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` of the Redis client to be ${expected}, got \`${inspect(got, { depth: 0 })}\`.`, advice, facts: { option } });
}

/** Throws `INVALID_OPTION` for a client whose settings would make jobs hang, run twice or vanish. */
export function checkClient(client: RedisClient): void {
  const name = isCluster(client) ? 'redisClusterOptions' : 'redisClientOptions';
  const spread = `Spread \`${name}\` of \`@media-jobs/redis-store\` into the options of the client.`;
  const { enableOfflineQueue } = client.options;
  const node: RedisOptions = isCluster(client) ? (client.options.redisOptions ?? {}) : client.options;
  const keyPrefix = client.options.keyPrefix ?? node.keyPrefix;
  if (enableOfflineQueue !== false) refuse('enableOfflineQueue', 'false', enableOfflineQueue, `While Redis is away calls must fail, not wait without end. ${spread}`);
  if (typeof node.commandTimeout !== 'number' || !(node.commandTimeout > 0)) refuse('commandTimeout', 'a number of milliseconds', node.commandTimeout, `A dead connection would swallow calls for minutes. ${spread}`);
  if (typeof node.maxRetriesPerRequest !== 'number') refuse('maxRetriesPerRequest', 'a number', node.maxRetriesPerRequest, `A call must not wait for Redis without end. ${spread}`);
  if (node.autoResendUnfulfilledCommands !== false && node.maxRetriesPerRequest > 0) refuse('autoResendUnfulfilledCommands', 'false', node.autoResendUnfulfilledCommands, `A commit that is sent twice is refused the second time. ${spread}`);
  if (keyPrefix !== undefined && keyPrefix !== '') refuse('keyPrefix', 'unset', keyPrefix, 'Scripts do not see it in the keys that they make. Give the store a `prefix` instead.');
  if (isCluster(client) && client.options.retryDelayOnFailover !== 0) refuse('retryDelayOnFailover', '0', client.options.retryDelayOnFailover, `A commit that is sent twice is refused the second time. ${spread}`);
}

import { configFromEnv, type Environment, type HealthCheck, type JobQueue, type JobStore } from '@media-jobs/core';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
import type * as BullmqPackage from '@media-jobs/bullmq';
import type * as RedisStorePackage from '@media-jobs/redis-store';
import type { Invocation } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** A person waits: where Redis is away, a command says so soon. */
const patience = { connectAttempts: 3, connectTimeoutMs: 3_000 };

/**
 * How to open the store in the Redis that `--redis` names, or null without that option. Throws `INVALID_OPTION`,
 * `INVALID_ENVIRONMENT` for a URL that is none, and `STORE_UNAVAILABLE` when the package for Redis is not installed.
 */
export async function redisStoreOf(invocation: Invocation, environment: Environment, logger: Logger): Promise<(() => JobStore & HealthCheck) | null> {
  const [given, prefix] = [invocation.text('redis'), invocation.text('prefix')];
  if (given === undefined) {
    if (prefix !== undefined) throw usageError('Expected `--redis` beside `--prefix`, got none.');
    return null;
  }
  const { redisUrl } = configFromEnv(given === 'env' ? environment : { ...environment, REDIS_URL: given });
  const { createRedisStore } = await importRedisStore();
  return () => createRedisStore({ url: redisUrl, logger, ...patience, ...(prefix === undefined ? {} : { prefix }) });
}

/**
 * The queue in the Redis that `--queue` names, or that of the records; null where the records are in a file, whose workers ask the
 * store itself. Throws as `redisStoreOf`, and `QUEUE_UNAVAILABLE` when the package is not installed.
 */
export async function redisQueueOf(invocation: Invocation, environment: Environment, logger: Logger): Promise<JobQueue | null> {
  const [records, given, prefix] = [invocation.text('redis'), invocation.text('queue'), invocation.text('prefix')];
  if (records === undefined) {
    if (given !== undefined) throw usageError('Expected `--redis` beside `--queue`, got none.');
    return null;
  }
  const url = given ?? records;
  const { redisUrl } = configFromEnv(url === 'env' ? environment : { ...environment, REDIS_URL: url });
  const { createBullmqQueue } = await importBullmq();
  return createBullmqQueue({ connection: redisUrl, logger, ...(prefix === undefined ? {} : { prefix }) });
}

/** A command line needs Redis seldom, so that package is there only where somebody installed it. */
async function importRedisStore(): Promise<typeof RedisStorePackage> {
  try {
    return await import('@media-jobs/redis-store');
  } catch (error) {
    throw notInstalled(error, 'STORE_UNAVAILABLE', '@media-jobs/redis-store');
  }
}

async function importBullmq(): Promise<typeof BullmqPackage> {
  try {
    return await import('@media-jobs/bullmq');
  } catch (error) {
    throw notInstalled(error, 'QUEUE_UNAVAILABLE', '@media-jobs/bullmq');
  }
}

/** What a missing optional package is called; any other error as it is. */
export function notInstalled(error: unknown, code: 'STORE_UNAVAILABLE' | 'QUEUE_UNAVAILABLE' | 'FILES_UNAVAILABLE', name: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return error;
  return new MediaJobError(code, { message: `Expected the package \`${name}\`, got none.`, advice: `Run \`npm install ${name}\` beside \`@media-jobs/cli\`.`, cause: error });
}

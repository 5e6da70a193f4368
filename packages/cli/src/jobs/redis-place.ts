import { configFromEnv, type Environment, type HealthCheck, type JobStore } from '@media-jobs/core';
import { MediaJobError, type Logger } from '@media-jobs/foundation';
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

/** A command line needs Redis seldom, so that package is there only where somebody installed it. */
async function importRedisStore(): Promise<typeof RedisStorePackage> {
  try {
    return await import('@media-jobs/redis-store');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new MediaJobError('STORE_UNAVAILABLE', { message: 'Expected the package `@media-jobs/redis-store`, got none.', advice: 'Run `npm install @media-jobs/redis-store` beside `@media-jobs/cli`.', cause: error });
  }
}

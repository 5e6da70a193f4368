export { createRedisStore, type RedisStore } from './redis-store.ts';
export { redisStoreDefaults, type RedisStoreOptions } from './options.ts';
export { redisClientOptions, redisClusterOptions, type RedisClient } from './client-rules.ts';

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { expect, test } from 'vitest';
import { MediaJobError } from '@media-jobs/foundation';
import { createRedisStore, redisClientOptions, redisClusterOptions, type RedisStoreOptions } from '@media-jobs/redis-store';

function refusal(options: RedisStoreOptions): MediaJobError {
  try {
    createRedisStore(options);
  } catch (error) {
    if (MediaJobError.isInstance(error)) return error;
  }
  throw new Error('Expected a refusal');
}

const wrong: Readonly<Record<string, RedisOptions>> = {
  enableOfflineQueue: { enableOfflineQueue: true },
  commandTimeout: { commandTimeout: 0 },
  maxRetriesPerRequest: { maxRetriesPerRequest: null },
  autoResendUnfulfilledCommands: { autoResendUnfulfilledCommands: true, maxRetriesPerRequest: 3 },
  keyPrefix: { keyPrefix: 'app:' },
};

test.each(Object.entries(wrong))('a client with a wrong `%s` is refused with its name and what to do', (name, options) => {
  const { code, message, advice, facts } = refusal({ client: new Redis({ ...redisClientOptions, ...options } as RedisOptions & { readonly replyMapping?: never }) });
  expect({ code, option: facts?.['option'] }).toEqual({ code: 'INVALID_OPTION', option: name });
  expect(message).toContain(name);
  expect(advice).toMatch(/redisClientOptions|prefix/);
});

test('a client with the defaults of ioredis is refused, and one of a cluster as well', () => {
  expect(refusal({ client: new Redis({ lazyConnect: true }) }).code).toBe('INVALID_OPTION');
  const cluster = new Cluster([{ port: 1 }], { lazyConnect: true });
  expect(refusal({ client: cluster }).code).toBe('INVALID_OPTION');
  const resending = new Cluster([{ port: 1 }], { ...redisClusterOptions, retryDelayOnFailover: 100 });
  expect(refusal({ client: resending }).facts?.['option']).toBe('retryDelayOnFailover');
});

test('clients that spread the published options are taken, and nothing is connected before the first call', () => {
  const client = new Redis(redisClientOptions);
  const cluster = new Cluster([{ port: 1 }], redisClusterOptions);
  createRedisStore({ client });
  createRedisStore({ client: cluster });
  expect([client.status, cluster.status]).toEqual(['wait', 'wait']);
});

const badOptions: readonly (readonly [string, RedisStoreOptions])[] = [
  ['url', {}], ['url', { url: 'localhost:6379' }], ['url', { url: 'https://localhost' }], ['client', { url: 'redis://localhost', client: new Redis(redisClientOptions) }],
  ['prefix', { url: 'redis://localhost', prefix: 'a{b}' }], ['connectAttempts', { url: 'redis://localhost', connectAttempts: 0 }], ['minReplicas', { url: 'redis://localhost', minReplicas: -1 }],
  ['clockOffsetMs', { url: 'redis://localhost', clockOffsetMs: Number.NaN }],
];

test.each(badOptions)('a wrong `%s` is refused (%#)', (name, options) => {
  expect(refusal(options).facts?.['option']).toBe(name);
});

test('a password in a URL never shows in a refusal', () => {
  const { message } = refusal({ url: 'https://user:secret@localhost' });
  expect(message).not.toContain('secret');
});

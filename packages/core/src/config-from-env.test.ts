import { expect, test } from 'vitest';
import { configFromEnv, resolveLifetime } from '@media-jobs/core';

test('an empty environment gives the default Redis and nothing else', () => {
  expect(configFromEnv({})).toEqual({ redisUrl: 'redis://localhost:6379/0', redisDatabase: 0 });
  expect(configFromEnv({ CACHE_TTL_HOURS: '', REDIS_URL: '  ', FFMPEG_PATH: '' })).toEqual(configFromEnv({}));
});

test('every variable is read, fractions are legal, and other variables are ignored', () => {
  const config = configFromEnv({
    CACHE_TTL_HOURS: '0.5', CLEANUP_INTERVAL_MINUTES: ' 7.5 ', MEDIA_JOBS_PRESET: 'low-disk', MAX_AUDIO_SIZE_MB: '500', MEDIA_JOBS_WORK_FOLDER: 'work folder', MEDIA_JOBS_MODELS_FOLDER: '/models', FFMPEG_PATH: '/opt/ffmpeg', FFPROBE_PATH: '/opt/ffprobe',
    REDIS_URL: 'rediss://user:pass@cache:6380/3', HOME: '/home/me', TTL: 'x',
  });
  expect(config).toEqual({
    ttlHours: 0.5, cleanupIntervalMinutes: 7.5, preset: 'low-disk', maxInputBytes: 524_288_000, workFolder: 'work folder', modelsFolder: '/models', ffmpegPath: '/opt/ffmpeg', ffprobePath: '/opt/ffprobe',
    redisUrl: 'rediss://user:pass@cache:6380/3', redisDatabase: 3,
  });
  expect(resolveLifetime({ environment: config })).toMatchObject({ ttlMs: 1_800_000, cleanupIntervalMs: 450_000, preset: 'low-disk', from: { ttl: 'environment', cleanupInterval: 'environment' } });
});

test.for([
  ['redis://cache', 'redis://cache:6379/0', 0],
  ['redis://cache/', 'redis://cache:6379/0', 0],
  ['redis://cache:7000', 'redis://cache:7000/0', 0],
  ['redis://', 'redis://localhost:6379/0', 0],
  ['redis:///4', 'redis://localhost:6379/4', 4],
  ['redis://cache/015', 'redis://cache:6379/15', 15],
  ['redis://[::1]:6379/1', 'redis://[::1]:6379/1', 1],
] as const)('REDIS_URL %s has its missing parts filled in', ([REDIS_URL, redisUrl, redisDatabase]) => {
  expect(configFromEnv({ REDIS_URL })).toMatchObject({ redisUrl, redisDatabase });
});

test('${DIVISOR} in REDIS_URL stands for the variable, so that each service has its own database', () => {
  const REDIS_URL = 'redis://cache:637${DIVISOR}/${DIVISOR}';
  expect(configFromEnv({ REDIS_URL, DIVISOR: '3' })).toMatchObject({ redisUrl: 'redis://cache:6373/3', redisDatabase: 3 });
  expect(configFromEnv({ REDIS_URL: 'redis://cache/20' }, { redisDatabases: 32 })).toMatchObject({ redisDatabase: 20 });
});

test.for([
  [{ CACHE_TTL_HOURS: '24h' }, /^Expected `CACHE_TTL_HOURS` to be a number above 0 and at most 87600, such as 0\.5 or 24, got `24h`\.$/],
  [{ CACHE_TTL_HOURS: '0,5' }, /got `0,5`/],
  [{ CACHE_TTL_HOURS: '0' }, /above 0.*got `0`/],
  [{ CACHE_TTL_HOURS: '-1' }, /got `-1`/],
  [{ CACHE_TTL_HOURS: '1e3' }, /got `1e3`/],
  [{ CLEANUP_INTERVAL_MINUTES: 'never' }, /^Expected `CLEANUP_INTERVAL_MINUTES` to be a number above 0 and at most 10080/],
  [{ MAX_AUDIO_SIZE_MB: '99999999999999' }, /`MAX_AUDIO_SIZE_MB`/],
  [{ MEDIA_JOBS_PRESET: 'prod' }, /^Expected `MEDIA_JOBS_PRESET` to be one of development, production, performance, low-disk, test, got `prod`\.$/],
  [{ REDIS_URL: 'http://cache/1' }, /^Expected `REDIS_URL` to be a URL as redis:\/\/localhost:6379\/0, got `http:\/\/cache\/1`\.$/],
  [{ REDIS_URL: 'cache:6379' }, /`REDIS_URL`/],
  [{ REDIS_URL: 'redis://cache/one' }, /database number of 0\.\.15, got `redis:\/\/cache\/one`/],
  [{ REDIS_URL: 'redis://cache/1/2' }, /database number/],
  [{ REDIS_URL: 'redis://cache/16' }, /database number of 0\.\.15/],
  [{ REDIS_URL: 'redis://cache/${DIVISOR}' }, /\$\{DIVISOR\} is a whole number, but the variable `DIVISOR` is not set, got/],
  [{ REDIS_URL: 'redis://cache/${DIVISOR}', DIVISOR: 'two' }, /`DIVISOR` is `two`/],
  [{ REDIS_URL: 'redis://cache/${DIVISOR}', DIVISOR: '99' }, /database number of 0\.\.15, got `redis:\/\/cache\/\$\{DIVISOR\}`/],
] as const)('%j is refused with variable, value and what is accepted', ([environment, message]) => {
  expect(() => configFromEnv(environment)).toThrow(expect.objectContaining({ code: 'INVALID_ENVIRONMENT', message: expect.stringMatching(message) }));
});

test('all wrong variables are named at once', () => {
  expect(() => configFromEnv({ CACHE_TTL_HOURS: 'x', MEDIA_JOBS_PRESET: 'y' })).toThrow(/`CACHE_TTL_HOURS`.*`MEDIA_JOBS_PRESET`/);
});

test('a password in REDIS_URL is not shown', () => {
  const read = () => configFromEnv({ REDIS_URL: 'redis://user:p@ss/word@cache/x' });
  expect(read).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/word|user/), facts: expect.not.objectContaining({ problems: [expect.objectContaining({ value: expect.stringContaining('word') })] }) }));
});

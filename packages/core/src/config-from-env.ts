import { MediaJobError } from '@media-jobs/foundation';
import { z } from 'zod';
import { lifetimePresets, maxCleanupIntervalMinutes, maxTtlHours, type LifetimePreset, type LifetimeValues } from './presets.ts';

/** The environment of a process, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says; a value that it does not name is absent. */
export interface EnvironmentConfig extends LifetimeValues {
  /** With host, port and database filled in. */
  readonly redisUrl: string;
  readonly redisDatabase: number;
  /** Larger inputs are refused. */
  readonly maxInputBytes?: number;
  readonly workFolder?: string;
  readonly modelsFolder?: string;
  readonly ffmpegPath?: string;
  readonly ffprobePath?: string;
}

export interface ConfigFromEnvOptions {
  /** Databases of the Redis server. Default 16, as Redis itself; the store compares with the server when it connects. */
  readonly redisDatabases?: number;
}

/** Used where `REDIS_URL` is not set; missing parts of one that is are taken from it. */
export const defaultRedisUrl = 'redis://localhost:6379/0';

const bytesPerMb = 1_048_576;
/** One pebibyte: beyond every file system of today. */
const maxMegabytes = 1_073_741_824;

/**
 * Reads the configuration from environment variables; the only place of the library that does. A variable that is empty
 * counts as not set.
 *
 * `CACHE_TTL_HOURS`, `CLEANUP_INTERVAL_MINUTES` and `MAX_AUDIO_SIZE_MB` are numbers above 0, with a point for fractions;
 * `MEDIA_JOBS_PRESET` is a name of `lifetimePresets`; `REDIS_URL` is a `redis:` or `rediss:` URL that may hold
 * `${DIVISOR}`, which stands for the variable `DIVISOR`; `MEDIA_JOBS_WORK_FOLDER`, `MEDIA_JOBS_MODELS_FOLDER`,
 * `FFMPEG_PATH` and `FFPROBE_PATH` are paths. Throws `INVALID_ENVIRONMENT`, which names each wrong variable, its value and what is accepted; a password is
 * not shown.
 */
export function configFromEnv(environment: Environment, { redisDatabases = 16 }: ConfigFromEnvOptions = {}): EnvironmentConfig {
  const given = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value?.trim() === '' ? undefined : value?.trim()]));
  const parsed = variables(given['DIVISOR'], redisDatabases).safeParse(given);
  if (!parsed.success) throw refusal(parsed.error.issues.map(({ path, message }) => ({ variable: String(path[0]), expected: message })), given);
  const { CACHE_TTL_HOURS: ttlHours, CLEANUP_INTERVAL_MINUTES: cleanupIntervalMinutes, MEDIA_JOBS_PRESET: preset, MAX_AUDIO_SIZE_MB: megabytes, REDIS_URL: redisUrl } = parsed.data;
  const { MEDIA_JOBS_WORK_FOLDER: workFolder, MEDIA_JOBS_MODELS_FOLDER: modelsFolder, FFMPEG_PATH: ffmpegPath, FFPROBE_PATH: ffprobePath } = parsed.data;
  return Object.freeze({
    redisUrl: redisUrl.href,
    redisDatabase: Number(redisUrl.pathname.slice(1)),
    ...(preset === undefined ? {} : { preset: preset as LifetimePreset }),
    ...(ttlHours === undefined ? {} : { ttlHours }),
    ...(cleanupIntervalMinutes === undefined ? {} : { cleanupIntervalMinutes }),
    ...(megabytes === undefined ? {} : { maxInputBytes: Math.round(megabytes * bytesPerMb) }),
    ...(workFolder === undefined ? {} : { workFolder }),
    ...(modelsFolder === undefined ? {} : { modelsFolder }),
    ...(ffmpegPath === undefined ? {} : { ffmpegPath }),
    ...(ffprobePath === undefined ? {} : { ffprobePath }),
  });
}

/** The messages of the issues say what is accepted: they end the sentence "Expected `X` to be …". */
function variables(divisor: string | undefined, redisDatabases: number) {
  const amount = (max: number) => z.string()
    .regex(/^\d+(?:\.\d+)?$/, { error: `a number above 0 and at most ${max}, such as 0.5 or 24`, abort: true })
    .transform(Number)
    .refine((value) => value > 0 && value <= max, { error: `a number above 0 and at most ${max}, such as 0.5 or 24` })
    .optional();
  return z.object({
    CACHE_TTL_HOURS: amount(maxTtlHours),
    CLEANUP_INTERVAL_MINUTES: amount(maxCleanupIntervalMinutes),
    MAX_AUDIO_SIZE_MB: amount(maxMegabytes),
    MEDIA_JOBS_PRESET: z.enum(Object.keys(lifetimePresets), { error: `one of ${Object.keys(lifetimePresets).join(', ')}` }).optional(),
    MEDIA_JOBS_WORK_FOLDER: z.string().optional(),
    MEDIA_JOBS_MODELS_FOLDER: z.string().optional(),
    FFMPEG_PATH: z.string().optional(),
    FFPROBE_PATH: z.string().optional(),
    REDIS_URL: z.string().default(defaultRedisUrl).transform((text, context) => {
      const url = parseRedisUrl(text, divisor, redisDatabases);
      if (url instanceof URL) return url;
      context.addIssue({ code: 'custom', message: url.expected });
      return z.NEVER;
    }),
  });
}

function parseRedisUrl(text: string, divisor: string | undefined, databases: number): URL | { readonly expected: string } {
  if (text.includes('${DIVISOR}') && (divisor === undefined || !/^\d+$/.test(divisor))) {
    return { expected: `a URL whose \${DIVISOR} is a whole number, but the variable \`DIVISOR\` is ${divisor === undefined ? 'not set' : `\`${divisor}\``}` };
  }
  const whole = text.replaceAll('${DIVISOR}', divisor ?? '').replace(/^(rediss?:\/\/)(?=\/|$)/, '$1localhost');
  const url = URL.parse(whole);
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') return { expected: `a URL as ${defaultRedisUrl}` };
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1];
  if (database === undefined || Number(database) >= databases) return { expected: `a URL that ends in a database number of 0..${databases - 1}` };
  if (url.port === '') url.port = '6379';
  url.pathname = `/${Number(database)}`;
  return url;
}

function refusal(wrong: readonly { readonly variable: string; readonly expected: string }[], given: Environment): MediaJobError {
  const problems = wrong.map(({ variable, expected }) => ({ variable, expected, value: withoutPassword(given[variable] ?? '') }));
  return new MediaJobError('INVALID_ENVIRONMENT', {
    message: problems.map(({ variable, expected, value }) => `Expected \`${variable}\` to be ${expected}, got \`${value}\`.`).join(' '),
    advice: 'Correct the variable, or unset it for the default.',
    facts: { problems },
  });
}

/** What stands between the scheme and the last `@` is nobody's business. */
function withoutPassword(value: string): string {
  return value.replace(/^([a-z]+:\/\/).*@/i, '$1…@');
}

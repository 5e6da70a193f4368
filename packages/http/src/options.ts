import type { RemoteService } from '@media-jobs/cleanup';
import type { AnyMediaJobs, HealthCheck } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { MediaJobsMetrics } from './metrics/metrics.ts';

/** Somebody who may use the service. */
export interface HttpClient {
  /** The namespace of the client's jobs: what one client submits, no other can see, cancel or delete. */
  readonly name: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string;
}

/** Requests of one client in a time. */
export interface RateLimit {
  readonly max: number;
  readonly windowMs: number;
}

/** From where on requests are turned away, so that those that are served still are. 0 turns a figure off. */
export interface LoadLimits {
  readonly maxEventLoopDelayMs: number;
  readonly maxHeapUsedBytes: number;
  readonly maxRssBytes: number;
}

/** What `mediaJobs` is given. */
export interface MediaJobsHttpOptions {
  /** The jobs that are served; they belong to whoever made them. */
  readonly jobs: AnyMediaJobs;
  /** How the service calls itself, in its health and in its OpenAPI document. Default `media-jobs`, `0.0.0`. */
  readonly service?: { readonly name: string; readonly version: string };
  /** For everything below `/admin`. Without one, only requests from this machine itself are served there. */
  readonly adminToken?: string;
  /** Without any, everybody may submit, and all share one namespace. */
  readonly clients?: readonly HttpClient[];
  /** Other services that a factory reset covers. Default: none. */
  readonly remoteServices?: readonly RemoteService[];
  /** What else must work, beside what `jobs.healthChecks` names. */
  readonly healthChecks?: readonly HealthCheck[];
  /** How long one check of health may take. Default 2,000. */
  readonly healthTimeoutMs?: number;
  /** Made by `createMetrics`; without one there is no `/metrics`. */
  readonly metrics?: MediaJobsMetrics;
  /** Uploads at a time; one more is told to come again. Default 32. */
  readonly maxUploads?: number;
  /** How long the sender of an upload may be silent. Default 30,000. */
  readonly uploadStallMs?: number;
  /** Per client or address. `false` for none. Default 600 requests in 60,000 ms. */
  readonly rateLimit?: RateLimit | false;
  /** `false` for none. Default: 1,000 ms of delay of the event loop, no limits of memory. */
  readonly loadLimits?: Partial<LoadLimits> | false;
  /** The page for people at `/`. Default `true`. */
  readonly page?: boolean;
  /** The page of the OpenAPI document at `/docs`. Default `true`. */
  readonly docs?: boolean;
  /** Names of models that clients of OpenAI may ask for at `/v1`; whatever they are called, the service's own is used. Default `whisper-1`. */
  readonly openAiModels?: readonly string[];
}

/** The defaults of `mediaJobs`. */
export const httpDefaults = Object.freeze({
  service: Object.freeze({ name: 'media-jobs', version: '0.0.0' }),
  healthTimeoutMs: 2_000,
  maxUploads: 32,
  uploadStallMs: 30_000,
  rateLimit: Object.freeze({ max: 600, windowMs: 60_000 }),
  page: true,
  loadLimits: Object.freeze({ maxEventLoopDelayMs: 1_000, maxHeapUsedBytes: 0, maxRssBytes: 0 }),
  docs: true,
  openAiModels: Object.freeze<readonly string[]>(['whisper-1']),
});

/** What a service takes where `createMediaJobs` names no `maxInputBytes`: 2 GiB. */
export const defaultMaxUploadBytes = 2 * 1024 ** 3;

/** Options with every default filled in. */
export type ResolvedHttpOptions = Readonly<
  Required<Omit<MediaJobsHttpOptions, 'adminToken' | 'metrics' | 'loadLimits'>> & {
    readonly adminToken: string | undefined;
    readonly metrics: MediaJobsMetrics | undefined;
    readonly loadLimits: LoadLimits | false;
    /** The largest file that is taken: one place says it, `maxInputBytes` of the jobs. */
    readonly maxUploadBytes: number;
  }
>;

const leastTokenLength = 16;

/** Fills in the defaults and checks each option, alone and together. Throws `INVALID_OPTION`. */
export function resolveHttpOptions(options: MediaJobsHttpOptions): ResolvedHttpOptions {
  const { jobs, adminToken, metrics, clients = [], remoteServices = [], healthChecks = [], loadLimits } = options;
  if (typeof jobs?.submit !== 'function') throw refusal('jobs', 'what `createMediaJobs` resolves with', typeof jobs);
  checkTokens(adminToken, clients);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedHttpOptions = {
    ...httpDefaults, ...given, jobs, adminToken, metrics, clients, remoteServices, healthChecks,
    loadLimits: loadLimits === false ? false : { ...httpDefaults.loadLimits, ...loadLimits },
    maxUploadBytes: Number.isFinite(jobs.maxInputBytes) ? jobs.maxInputBytes : defaultMaxUploadBytes,
  };
  for (const name of ['healthTimeoutMs', 'maxUploads', 'uploadStallMs'] as const) {
    if (!(resolved[name] > 0)) throw refusal(name, 'a number above 0', resolved[name]);
  }
  return Object.freeze(resolved);
}

function checkTokens(adminToken: string | undefined, clients: readonly HttpClient[]): void {
  const tokens = [...(adminToken === undefined ? [] : [adminToken]), ...clients.map(({ token }) => token)];
  for (const token of tokens) {
    if (token.length < leastTokenLength) throw refusal('token', `of at least ${leastTokenLength} characters, drawn at random`, `one of ${token.length}`);
  }
  if (new Set(tokens).size < tokens.length) throw refusal('token', 'a different one for each client and for the administrator', 'one twice');
  const names = clients.map(({ name }) => name);
  if (names.includes('') || new Set(names).size < names.length) throw refusal('clients', 'clients with names of their own', names.join(', '));
}

function refusal(name: string, expected: string, got: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', {
    message: `Expected \`${name}\` to be ${expected}, got ${String(got)}.`,
    advice: 'Correct the options of `mediaJobs`; they are listed in the README of @media-jobs/http.',
    facts: { option: name },
  });
}

import { createBreaker, type Breaker } from '@media-jobs/core';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { speaksAgainst } from './service-errors.ts';

/** Options of `createServiceClient`. */
export interface ServiceClientOptions {
  /** What the service is called in errors, logs and reports, such as `transcriber`. */
  readonly name: string;
  /** Where it answers, such as `http://transcriber:8004`; a path in it is kept. */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. Default: none. */
  readonly token?: string;
  /** The same for a factory reset. Default: `token`. */
  readonly adminToken?: string;
  /** Stands on jobs and in logs of the service; a submit may name another. Default: none, and the service draws one. */
  readonly correlationId?: string;
  /** How long one request may take. Default 30,000. */
  readonly timeoutMs?: number;
  /** The same for a submit with files. Default 1,800,000. */
  readonly uploadTimeoutMs?: number;
  /** How often a request is made in all, where its error can pass. Default 5. */
  readonly tries?: number;
  /** Base of the exponential back-off with full jitter, capped at 30 s. Default 500. */
  readonly retryBaseMs?: number;
  /** A service that wants a longer pause is given up. Default 60,000. */
  readonly maxRetryAfterMs?: number;
  /** How long a job is followed while its service cannot be reached. Default 300,000. */
  readonly patienceMs?: number;
  /** Without a word for so long, a stream of events is taken for dead. Services say something every 15 s. Default 45,000. */
  readonly quietMs?: number;
  /** How often a job is asked for where its events cannot be had. Default 2,000. */
  readonly pollIntervalMs?: number;
  /** Shared by all calls. Default: one of its own, 5 failures, 60 s. */
  readonly breaker?: Breaker;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** From 0 to below 1, for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** The defaults of `createServiceClient`. */
export const serviceClientDefaults = Object.freeze({
  timeoutMs: 30_000,
  uploadTimeoutMs: 1_800_000,
  tries: 5,
  retryBaseMs: 500,
  maxRetryAfterMs: 60_000,
  patienceMs: 300_000,
  quietMs: 45_000,
  pollIntervalMs: 2_000,
});

/** Options with their defaults. */
export type ResolvedClientOptions = Readonly<Required<Omit<ServiceClientOptions, 'token' | 'adminToken' | 'correlationId'>> & Pick<ServiceClientOptions, 'token' | 'adminToken' | 'correlationId'>>;

const amounts = ['timeoutMs', 'uploadTimeoutMs', 'tries', 'retryBaseMs', 'maxRetryAfterMs', 'patienceMs', 'quietMs', 'pollIntervalMs'] as const;

/** Fills in the defaults and checks each option. Throws `INVALID_OPTION`. */
export function resolveOptions(options: ServiceClientOptions): ResolvedClientOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as unknown as ServiceClientOptions;
  const { logger = silentLogger, clock = systemClock } = given;
  const resolved = { ...serviceClientDefaults, fetch: globalThis.fetch, random: Math.random, ...given, logger, clock, breaker: given.breaker ?? createBreaker({ name: options.name, isFailure: speaksAgainst, logger, clock }) };
  const url = URL.parse(options.url);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw refusal('url', 'an http or https URL', options.url);
  for (const name of amounts) if (!(resolved[name] > 0)) throw refusal(name, 'a number above 0', String(resolved[name]));
  return Object.freeze({ ...resolved, url: `${url.origin}${url.pathname.replace(/\/+$/, '')}` });
}

function refusal(option: string, expected: string, got: string): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` to be ${expected}, got \`${got}\`.`, advice: 'See the README of @media-jobs/client.', facts: { option } });
}

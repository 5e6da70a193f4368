import { defaultReserveBytes } from '@media-jobs/cleanup';
import { MediaJobError, silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import type { ResolveHost } from './network/network-guard.ts';

/** What can be asked for of a video page. A media file is what it is. */
export const qualities = ['best', 'worst', '720p', '480p', '360p', 'audio'] as const;
export type Quality = (typeof qualities)[number];

/** Options of `createDownloader`. */
export interface DownloaderOptions {
  /** Larger files are refused. Default 10 GiB. */
  readonly maxBytes?: number;
  /** Longest time of one download, its retries included. Default 1,800,000. */
  readonly timeoutMs?: number;
  /** Longest time without a sign of progress. Default 30,000. */
  readonly stallTimeoutMs?: number;
  /** Least speed, as an average over `stallTimeoutMs`. Default 1,024. */
  readonly minBytesPerSecond?: number;
  /** Tries that bring less than 1 MiB, within one download. Default 5. */
  readonly tries?: number;
  /** Base of the exponential back-off between tries. Default 1,000. */
  readonly retryBaseMs?: number;
  /** Default 10. */
  readonly maxRedirects?: number;
  /**
   * Networks that may be reached although they are not public, such as `10.1.0.0/16`; `all` switches the guard off. Default: none.
   */
  readonly allowedNetworks?: 'all' | readonly string[];
  /** Path or name of yt-dlp; `false` uses it never. Default `yt-dlp`, if it is installed. */
  readonly ytDlp?: string | false;
  /** Sent with each request for a media file, but not to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Kept free on the disk. Default 512 MiB. */
  readonly reserveBytes?: number;
  /** Default: that of the system. */
  readonly resolveHost?: ResolveHost;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** From 0 to below 1, for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** The defaults of `createDownloader`. */
export const downloaderDefaults = Object.freeze({
  maxBytes: 10 * 1024 ** 3,
  timeoutMs: 1_800_000,
  stallTimeoutMs: 30_000,
  minBytesPerSecond: 1_024,
  tries: 5,
  retryBaseMs: 1_000,
  maxRedirects: 10,
  ytDlp: 'yt-dlp',
  reserveBytes: defaultReserveBytes,
});

/** Options with their defaults. */
export type ResolvedDownloaderOptions = Readonly<Required<Omit<DownloaderOptions, 'allowedNetworks' | 'resolveHost'>>>;

const amounts = ['maxBytes', 'timeoutMs', 'stallTimeoutMs', 'tries', 'retryBaseMs'] as const;

/** Fills in the defaults and checks each option. Throws `INVALID_OPTION`. */
export function resolveOptions(options: DownloaderOptions): ResolvedDownloaderOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as DownloaderOptions;
  const resolved = { headers: {}, logger: silentLogger, clock: systemClock, random: Math.random, ...downloaderDefaults, ...given };
  for (const name of amounts) if (!(resolved[name] > 0)) throw refusal(name, 'a number above 0', resolved[name]);
  for (const name of ['minBytesPerSecond', 'maxRedirects', 'reserveBytes'] as const) if (!(resolved[name] >= 0)) throw refusal(name, 'a number from 0 up', resolved[name]);
  if (resolved.ytDlp === '') throw refusal('ytDlp', 'the name or path of a program, or false', '');
  return Object.freeze(resolved);
}

function refusal(option: string, expected: string, value: unknown): MediaJobError {
  return new MediaJobError('INVALID_OPTION', { message: `Expected \`${option}\` to be ${expected}, got \`${String(value)}\`.`, advice: 'See the README of @media-jobs/download.', facts: { option, value: String(value) } });
}

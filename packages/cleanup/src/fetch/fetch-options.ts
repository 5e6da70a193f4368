import { silentLogger, systemClock, type Clock, type Logger } from '@media-jobs/foundation';
import { defaultReserveBytes } from '../disk-space.ts';
import { checkAmount, checkPath, invalidOption } from '../options.ts';
import { defaultPartFile } from './part-file.ts';

/** What the file must be. What is not given is not compared. */
export interface ExpectedContent {
  readonly bytes?: number;
  /** Hexadecimal. */
  readonly sha256?: string;
  /** Hexadecimal, for publishers that tell nothing stronger. */
  readonly sha1?: string;
}

/** How far a download is. */
export interface FetchProgress {
  /** What is on disk, earlier tries and processes included. */
  readonly bytes: number;
  /** Null while the server has not told. */
  readonly totalBytes: number | null;
}

/** Options of `fetchFile`. */
export interface FetchFileOptions {
  /** `http:` or `https:`. The first is asked first; the others are mirrors of the same file, for when it fails. */
  readonly urls: readonly (string | URL)[];
  /** Where the file shall appear; one that is there is replaced. */
  readonly target: string;
  /** The unfinished file, on the disk of the target. One that is there is gone on with. Default: `.<name>.part` beside the target. */
  readonly partFile?: string;
  readonly expected?: ExpectedContent;
  /** More is refused, from the declared length before a byte is read. Default none. */
  readonly maxBytes?: number;
  /** Longest time without a byte, the answer's beginning included; then the next try. Default 30,000. */
  readonly stallTimeoutMs?: number;
  /** Least speed, as an average over `stallTimeoutMs`; slower is a stall, so that a body that drips ends too. Default 0: one byte in that time is enough. */
  readonly minBytesPerSecond?: number;
  /** Longest time of all tries together. Default 6 hours. */
  readonly timeoutMs?: number;
  /** Tries at each URL that bring less than 1 MiB; one that brings more does not count. Default 5. */
  readonly tries?: number;
  /** Base of the exponential back-off with full jitter, capped at 30 s. Default 1,000. */
  readonly retryBaseMs?: number;
  /** A server that wants a longer pause is given up. Default 60,000. */
  readonly maxRetryAfterMs?: number;
  /** Default 10. */
  readonly maxRedirects?: number;
  /** Sent with each request, but not to another origin after a redirect. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called before each request, those of redirects included; what it throws ends the download. Default: every address is fine. */
  readonly checkUrl?: (url: URL) => void | Promise<void>;
  /** For proxies and agents of your own. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** What shall stay free on the disk. Default 512 MiB. */
  readonly reserveBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** From 0 to below 1, for the jitter. Default `Math.random`. */
  readonly random?: () => number;
}

export type ResolvedFetchOptions = Required<Omit<FetchFileOptions, 'signal' | 'onProgress' | 'urls'>> & Pick<FetchFileOptions, 'signal' | 'onProgress'> & { readonly urls: readonly URL[] };

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveFetchOptions(options: FetchFileOptions): ResolvedFetchOptions {
  checkPath('target', options.target);
  const {
    partFile = defaultPartFile(options.target), expected = {}, maxBytes = Infinity, stallTimeoutMs = 30_000, minBytesPerSecond = 0, timeoutMs = 21_600_000, tries = 5, retryBaseMs = 1_000,
    maxRetryAfterMs = 60_000, maxRedirects = 10, headers = {}, checkUrl = () => undefined, fetch = globalThis.fetch, reserveBytes = defaultReserveBytes,
    logger = silentLogger, clock = systemClock, random = Math.random,
  } = options;
  checkPath('partFile', partFile);
  for (const [name, value] of Object.entries({ maxBytes, stallTimeoutMs, minBytesPerSecond, timeoutMs, tries, retryBaseMs, maxRetryAfterMs, maxRedirects, reserveBytes })) checkAmount(name, value);
  if (!(tries >= 1)) throw invalidOption('tries', 'a number from 1 up', tries);
  checkExpected(expected);
  return {
    ...options, urls: checkedUrls(options.urls), partFile, expected, maxBytes, stallTimeoutMs, minBytesPerSecond, timeoutMs, tries, retryBaseMs, maxRetryAfterMs, maxRedirects, headers, checkUrl, fetch, reserveBytes, logger, clock, random,
  };
}

function checkedUrls(urls: FetchFileOptions['urls']): readonly URL[] {
  const parsed = urls.map((text) => {
    const url = URL.parse(String(text));
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw invalidOption('urls', 'URLs that begin with http: or https:', String(text));
    return url;
  });
  if (parsed.length === 0) throw invalidOption('urls', 'one URL at least', 'none');
  return parsed;
}

function checkExpected({ bytes, sha256, sha1 }: ExpectedContent): void {
  if (bytes !== undefined) checkAmount('expected.bytes', bytes);
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) throw invalidOption('expected.sha256', '64 hexadecimal digits', sha256);
  if (sha1 !== undefined && !/^[0-9a-f]{40}$/i.test(sha1)) throw invalidOption('expected.sha1', '40 hexadecimal digits', sha1);
}

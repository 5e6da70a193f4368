import { MediaJobError } from '@media-jobs/foundation';

/** What a caller asks for, in its one spelling. */
export interface MediaAddress {
  readonly url: URL;
  /** Names the video where the site is known, such as `youtube:dQw4w9WgXcQ`; else null. */
  readonly source: string | null;
}

const youtubeId = /^[A-Za-z0-9_-]{11}$/;
const youtubeHosts: ReadonlySet<string> = new Set(['youtube.com', 'www.youtube.com', 'm.youtube.com', 'music.youtube.com', 'youtube-nocookie.com', 'www.youtube-nocookie.com', 'youtu.be']);
/** Paths that are followed by the id of a video. */
const youtubePaths: ReadonlySet<string> = new Set(['embed', 'shorts', 'live', 'v']);
const maxLength = 8_192;

/**
 * Reads an address: `http:` or `https:`, without user and password. Without its fragment, and where the site and the video are known, in
 * one spelling for all: two addresses of the same video are the same. A bare YouTube id of 11 characters is one, too.
 * Throws `INVALID_INPUT`.
 */
export function mediaAddress(text: string): MediaAddress {
  const given = text.trim();
  if (youtubeId.test(given)) return youtube(given);
  const url = given.length > maxLength ? null : URL.parse(given);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw invalid('to begin with http: or https:', url === null ? 'something else' : url.protocol);
  if (url.username !== '' || url.password !== '') throw invalid('to hold no user and no password', 'some');
  url.hash = '';
  const id = youtubeIdOf(url);
  return id === undefined ? { url, source: null } : youtube(id);
}

/** Whether there is nothing at the address but a page, so that only yt-dlp can help. */
export function isKnownSite({ url, source }: MediaAddress): boolean {
  return source !== null || youtubeHosts.has(url.hostname);
}

function youtube(id: string): MediaAddress {
  return { url: new URL(`https://www.youtube.com/watch?v=${id}`), source: `youtube:${id}` };
}

function youtubeIdOf({ hostname, pathname, searchParams }: URL): string | undefined {
  if (!youtubeHosts.has(hostname)) return undefined;
  const [first = '', second = ''] = pathname.split('/').filter((part) => part !== '');
  const id = hostname === 'youtu.be' ? first : youtubePaths.has(first) ? second : first === 'watch' ? (searchParams.get('v') ?? '') : '';
  return youtubeId.test(id) ? id : undefined;
}

function invalid(expected: string, got: string): MediaJobError {
  return new MediaJobError('INVALID_INPUT', { message: `Expected the address ${expected}, got ${got}.`, advice: 'Give the whole URL of a media file or of a video page.', facts: { field: 'url' } });
}

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchFile, removePath } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { Downloaded, DownloadRequest } from './downloader.ts';
import { endingFor, mediaTypeOf, requireMediaType, typeForEnding } from './media-type.ts';
import { createGuardedFetch } from './network/guarded-fetch.ts';
import type { NetworkGuard } from './network/network-guard.ts';
import type { ResolvedDownloaderOptions } from './options.ts';

/** The file at an address itself, resumed and checked by `fetchFile`. Throws as that does, and `UNSUPPORTED_FORMAT`, `EMPTY_OUTPUT`. */
export async function downloadDirect({ address, folder, partFile = join(folder, '.media.part'), signal, onProgress }: DownloadRequest, options: ResolvedDownloaderOptions, guard: NetworkGuard): Promise<Downloaded> {
  const { url, source } = address;
  const { maxBytes, timeoutMs, stallTimeoutMs, minBytesPerSecond, tries, retryBaseMs, maxRedirects, headers, reserveBytes, logger, clock, random } = options;
  await using guarded = createGuardedFetch(guard);
  const seen: { type: string | null } = { type: null };
  const fetched = await fetchFile({
    urls: [url], target: join(folder, 'media'), partFile, maxBytes, timeoutMs, stallTimeoutMs, minBytesPerSecond, tries, retryBaseMs, maxRedirects, headers, reserveBytes, logger, clock, random,
    checkUrl: ({ hostname }) => guard.checkHost(hostname),
    fetch: async (input, init) => {
      const response = await guarded.fetch(input, init);
      if (response.ok) seen.type = await judgeType(response, shown(url));
      return response;
    },
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ bytes, totalBytes }) => onProgress?.({ bytes, totalBytes, ratio: totalBytes === null || totalBytes === 0 ? null : bytes / totalBytes }),
  }).catch(async (error: unknown) => {
    // Of what is no media, there is nothing to go on with.
    if (MediaJobError.from(error).code === 'UNSUPPORTED_FORMAT') for (const path of [partFile, `${partFile}.json`]) await removePath(path, { filesOnly: true });
    throw error;
  });
  if (fetched.bytes === 0) {
    await removePath(fetched.path, { filesOnly: true });
    throw new MediaJobError('EMPTY_OUTPUT', { message: `Expected a media file at ${shown(url)}, got one without a byte.`, advice: 'Give the address of another file.', facts: { url: shown(url) } });
  }
  const ending = endingFor(seen.type, url.pathname);
  const name = `media.${ending}`;
  await rename(fetched.path, join(folder, name));
  return Object.freeze({ path: join(folder, name), name, bytes: fetched.bytes, sha256: fetched.sha256, mediaType: typeForEnding(ending), via: 'direct', source, title: null });
}

async function judgeType(response: Response, shownUrl: string): Promise<string | null> {
  const type = mediaTypeOf(response.headers.get('content-type'));
  try {
    requireMediaType(type, shownUrl);
    return type;
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
}

/** An address as it may stand in a message: its query may hold secrets. */
function shown({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

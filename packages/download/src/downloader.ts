import type { HealthCheck } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { downloadDirect } from './direct.ts';
import { isKnownSite, mediaAddress, type MediaAddress } from './media-address.ts';
import { createNetworkGuard } from './network/network-guard.ts';
import { qualities, resolveOptions, type DownloaderOptions, type Quality } from './options.ts';
import { ytDlpCheck } from './yt-dlp/yt-dlp-check.ts';
import { downloadPage } from './yt-dlp/download-page.ts';

/** How far a download is. */
export interface DownloadProgress {
  /** Of the present file; a video page may give picture and sound one after the other. */
  readonly bytes: number;
  readonly totalBytes: number | null;
  /** 0..1 of the whole; null while nobody knows. */
  readonly ratio: number | null;
}

/** What to download, besides its address. */
export interface DownloadOptions extends ProcessControls {
  /** An existing folder of this download alone. The file is `media.<ending>` in it. */
  readonly folder: string;
  /** Default `best`. */
  readonly quality?: Quality;
  /** The unfinished file of a direct download; one that is there is gone on with, where the server shows that the file is the same. Default: `.media.part` in the folder. */
  readonly partFile?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** A file that has arrived. */
export interface Downloaded {
  /** Absolute. */
  readonly path: string;
  /** `media.` and an ending; never a name that the server chose. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** By its ending. */
  readonly mediaType: string;
  readonly via: 'direct' | 'yt-dlp';
  /** Site and video where they are known, such as `youtube:…`. */
  readonly source: string | null;
  /** As the site names it; null for a file. */
  readonly title: string | null;
}

/** A download as the two ways take it. */
export interface DownloadRequest extends DownloadOptions {
  readonly address: MediaAddress;
  readonly quality: Quality;
}

/** Downloads media within bounds. */
export interface Downloader {
  /**
   * Downloads the file at an address, or the video of a page with yt-dlp. The file is whole, or there is none.
   *
   * Throws `INVALID_INPUT`, `DOWNLOAD_REFUSED` (a 4xx, a private address, no such video), `DOWNLOAD_UNAVAILABLE`, `DOWNLOAD_OVERLOADED`,
   * `DOWNLOAD_MISMATCH`, `INPUT_TOO_LARGE`, `UNSUPPORTED_FORMAT` (no media), `EMPTY_OUTPUT`, `STALLED`, `TIMEOUT`, `DISK_FULL`, `OUTPUT_UNWRITABLE`,
   * `PROGRAM_NOT_FOUND` (a page, and no yt-dlp), `PROGRAM_*`, `ABORTED`.
   */
  download(url: string, options: DownloadOptions): Promise<Downloaded>;
  readonly healthChecks: readonly HealthCheck[];
}

/** Creates a downloader. It holds nothing open. Throws `INVALID_OPTION`. */
export function createDownloader(options: DownloaderOptions = {}): Downloader {
  const resolved = resolveOptions(options);
  const { allowedNetworks, resolveHost } = options;
  const guard = createNetworkGuard({ ...(allowedNetworks === undefined ? {} : { allowedNetworks }), ...(resolveHost === undefined ? {} : { resolveHost }) });
  return Object.freeze({
    async download(url: string, { quality = 'best', ...given }: DownloadOptions): Promise<Downloaded> {
      const request: DownloadRequest = { ...given, address: mediaAddress(url), quality: checkedQuality(quality) };
      guard.checkHost(request.address.url.hostname);
      if (isKnownSite(request.address)) return downloadPage(request, resolved, guard);
      try {
        return await downloadDirect(request, resolved, guard);
      } catch (error) {
        const isPage = MediaJobError.isInstance(error) && error.code === 'UNSUPPORTED_FORMAT' && error.facts['isPage'] === true;
        if (!isPage || resolved.ytDlp === false) throw error;
        return downloadPage(request, resolved, guard);
      }
    },
    healthChecks: resolved.ytDlp === false ? [] : [ytDlpCheck(resolved.ytDlp, { isWanted: options.ytDlp !== undefined })],
  });
}

function checkedQuality(quality: Quality): Quality {
  if (qualities.includes(quality)) return quality;
  throw new MediaJobError('INVALID_OPTION', { message: `Expected \`quality\` to be one of ${qualities.join(', ')}, got ${JSON.stringify(quality)}.`, advice: 'Choose one of them.', facts: { option: 'quality' } });
}

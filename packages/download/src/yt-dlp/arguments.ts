import type { Quality } from '../options.ts';

/** What yt-dlp is run with. */
export interface YtDlpWish {
  readonly url: URL;
  readonly quality: Quality;
  /** Where it may write. */
  readonly folder: string;
  readonly maxBytes: number;
  /** All of its connections go through here. */
  readonly proxyUrl: string;
  readonly socketTimeoutSeconds: number;
}

/** Lines of ours in its output begin with these. */
export const infoMark = 'MJ-INFO ';
export const partsMark = 'MJ-PARTS ';
export const progressMark = 'MJ-PROGRESS ';

/** Separate picture and sound where the site has them, else one file. Sound alone: opus first, which loses least. */
const formats: Readonly<Record<Quality, string>> = Object.freeze({
  best: 'bv*+ba/b',
  worst: 'wv*+wa/w',
  '720p': 'bv*[height<=720]+ba/b[height<=720]/wv*+ba/w',
  '480p': 'bv*[height<=480]+ba/b[height<=480]/wv*+ba/w',
  '360p': 'bv*[height<=360]+ba/b[height<=360]/wv*+ba/w',
  audio: 'ba[acodec=opus]/ba[ext=webm]/ba[ext=m4a]/ba/b',
});

/**
 * Options that yt-dlp has had since early 2023. No configuration, cache or cookie of the machine counts. Only extractors of known sites are used, not the generic one, which
 * would follow any address. Names come from us.
 */
export function ytDlpArguments({ url, quality, folder, maxBytes, proxyUrl, socketTimeoutSeconds }: YtDlpWish): readonly string[] {
  return [
    '--ignore-config', '--no-cache-dir', '--use-extractors', 'default,-generic',
    '--no-playlist', '--playlist-items', '1', '--no-live-from-start', '--match-filters', '!is_live',
    '--proxy', proxyUrl, '--socket-timeout', String(socketTimeoutSeconds), '--retries', '3', '--fragment-retries', '10', '--extractor-retries', '3',
    // What is fetched by a program of its own would not go through the proxy.
    '--downloader', 'native', '--no-mtime', '--no-write-comments', '--no-embed-metadata', '--max-filesize', String(maxBytes),
    '--format', formats[quality], '--output', `${folder.replaceAll('%', '%%')}/media.%(ext)s`,
    '--newline', '--no-colors', '--no-simulate', '--progress',
    '--progress-template', `download:${progressMark}%(progress.downloaded_bytes)s %(progress.total_bytes,progress.total_bytes_estimate)s`,
    '--print', `before_dl:${infoMark}%(.{id,title,extractor_key})j`,
    '--print', `before_dl:${partsMark}%(requested_formats.:.format_id)j`,
    '--', url.href,
  ];
}

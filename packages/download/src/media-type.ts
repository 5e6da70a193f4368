import { MediaJobError } from '@media-jobs/foundation';

/** File endings by media type; what is not here, and not refused, ends in `bin`. */
const endings: Readonly<Record<string, string>> = Object.freeze({
  'video/mp4': 'mp4', 'video/webm': 'webm', 'video/quicktime': 'mov', 'video/x-matroska': 'mkv', 'video/matroska': 'mkv', 'video/x-msvideo': 'avi', 'video/x-flv': 'flv', 'video/mpeg': 'mpg', 'video/mp2t': 'ts', 'video/ogg': 'ogv', 'video/3gpp': '3gp', 'video/x-ms-wmv': 'wmv',
  'audio/mpeg': 'mp3', 'audio/mp3': 'mp3', 'audio/mp4': 'm4a', 'audio/x-m4a': 'm4a', 'audio/aac': 'aac', 'audio/ogg': 'ogg', 'audio/opus': 'opus', 'audio/webm': 'webm', 'audio/wav': 'wav', 'audio/x-wav': 'wav', 'audio/wave': 'wav', 'audio/vnd.wave': 'wav', 'audio/flac': 'flac', 'audio/x-flac': 'flac', 'audio/aiff': 'aiff', 'audio/x-aiff': 'aiff',
  'application/ogg': 'ogg', 'application/mp4': 'mp4',
});
const known: ReadonlySet<string> = new Set([...Object.values(endings), 'mka', 'm4v', 'wma', 'asf', 'oga', 'mpeg', 'm2ts', 'mts', 'f4v', 'aif']);
/** What leads to media at best, and is none. */
const pages = /^(?:text\/html|application\/xhtml\+xml|application\/(?:vnd\.apple\.mpegurl|x-mpegurl|dash\+xml)|audio\/(?:x-)?mpegurl)$/;
const others = /^(?:text\/|image\/|application\/(?:json|xml|pdf|javascript|problem\+json))/;

/** The media type of a header, without its parameters, in small letters; null when there is none. */
export function mediaTypeOf(contentType: string | null): string | null {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return type === '' ? null : type;
}

/** Throws `UNSUPPORTED_FORMAT` for what is no media by its own word. Its fact `isPage` says that it may lead to some. */
export function requireMediaType(type: string | null, shownUrl: string): void {
  const isPage = type !== null && pages.test(type);
  if (type === null || (!isPage && !others.test(type))) return;
  throw new MediaJobError('UNSUPPORTED_FORMAT', { message: `Expected a media file at ${shownUrl}, got ${type}.`, advice: isPage ? 'Install yt-dlp for pages of video sites, or give the address of the file itself.' : 'Give the address of a media file.', facts: { url: shownUrl, mediaType: type, isPage } });
}

/** A harmless ending for a file of this type, else of this name; nothing of the name itself comes into it. */
export function endingFor(type: string | null, name: string): string {
  const byType = type === null ? undefined : endings[type];
  const byName = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return byType ?? (known.has(byName) ? byName : 'bin');
}

/** The media type for a file ending; `application/octet-stream` where there is none. */
export function typeForEnding(ending: string): string {
  return Object.entries(endings).find(([, each]) => each === ending)?.[0] ?? 'application/octet-stream';
}

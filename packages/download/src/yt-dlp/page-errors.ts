import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';

/** What its complaints mean; the first that fits counts. */
const meanings: readonly (readonly [RegExp, MediaJobErrorCode, string])[] = [
  [/HTTP Error 429|too many requests|rate.?limit/i, 'DOWNLOAD_OVERLOADED', 'Try again later; the site has had enough of this address.'],
  [/larger than max-filesize/i, 'INPUT_TOO_LARGE', 'Ask for a lower quality, or raise `maxBytes`.'],
  [/no such option/i, 'PROGRAM_UNFIT', 'Install a yt-dlp of 2023 or later.'],
  [/no space left/i, 'DISK_FULL', 'Free some space on the disk.'],
  [/unsupported URL|no suitable extractor|is not a valid URL/i, 'UNSUPPORTED_FORMAT', 'Give the page of one video on a site that yt-dlp knows.'],
  [/HTTP Error 5\d\d|timed? ?out|temporary failure|connection (?:was )?(?:reset|refused|aborted|closed)|network is unreachable|incomplete ?read|unable to connect|remote end closed|EOF occurred|getaddrinfo/i, 'DOWNLOAD_UNAVAILABLE', 'Try again; the site could not be reached or failed by itself.'],
  [/HTTP Error 4\d\d|private video|unavailable|not available|removed|sign in|log ?in|members.only|age.restricted|confirm your age|copyright|DRM|premium|geo.?restrict|does not exist|not found|does not pass filter|live event|is offline|format is not/i, 'DOWNLOAD_REFUSED', 'Give another video: this one is not given out.'],
];
const overloadPauseMs = 60_000;
const maxLine = 500;

/** A failure of yt-dlp by what it complained of: so that what is for ever is not tried again. What fits nothing stays what it was. */
export function pageError(error: MediaJobError, shownUrl: string): MediaJobError {
  if (error.code !== 'PROGRAM_FAILED') return error;
  const { stderrTail } = error.facts;
  const lines = typeof stderrTail === 'string' ? stderrTail.split('\n') : [];
  const complaint = (lines.findLast((line) => line.startsWith('ERROR')) ?? lines.findLast((line) => line.trim() !== '') ?? '').slice(0, maxLine);
  const found = meanings.find(([pattern]) => pattern.test(complaint));
  if (found === undefined) return error;
  return complaintError(found[1], found[2], shownUrl, complaint, error);
}

/** What it said without failing: it passes over a file that is too large, and over a stream that is live, and calls it a success. */
export function silentError(stdoutTail: string, shownUrl: string): MediaJobError {
  const complaint = stdoutTail.split('\n').findLast((line) => /max-filesize|does not pass filter/.test(line)) ?? '';
  const found = meanings.find(([pattern]) => complaint !== '' && pattern.test(complaint));
  if (found !== undefined) return complaintError(found[1], found[2], shownUrl, complaint.slice(0, maxLine));
  return new MediaJobError('EMPTY_OUTPUT', { message: `Expected yt-dlp to leave one file for ${shownUrl}, got none.`, advice: 'Try the address with yt-dlp by hand.', facts: { url: shownUrl } });
}

function complaintError(code: MediaJobErrorCode, advice: string, shownUrl: string, complaint: string, cause?: MediaJobError): MediaJobError {
  return new MediaJobError(code, {
    message: `Expected yt-dlp to download ${shownUrl}, got: ${complaint}`,
    advice,
    facts: { url: shownUrl, complaint },
    ...(cause === undefined ? {} : { cause }),
    ...(code === 'DOWNLOAD_OVERLOADED' ? { retryAfterMs: overloadPauseMs } : {}),
  });
}

import { MediaJobError, type MediaJobErrorCode } from '@media-jobs/foundation';
import { expect, test } from 'vitest';
import { decodeFailure, withoutWhitelistLines } from './decode-failure.ts';

const context = { path: '/in/a.mp4', codec: 'aac', seconds: 3 };
const failed = (stderrTail: string, exitCode = 1): MediaJobError => new MediaJobError('PROGRAM_FAILED', { message: 'ended', facts: { stderrTail, exitCode } });
const codeOf = (error: MediaJobError): string => (decodeFailure(error, context) as MediaJobError).code;

test.each<[string, MediaJobErrorCode]>([
  ['pipe:1: No space left on device', 'DISK_FULL'],
  ["[AVFilterGraph] No such filter: 'highpass'", 'PROGRAM_UNFIT'],
  ['file:/in/a.mp4: Permission denied', 'INPUT_UNREADABLE'],
  ['file:/in/a.mp4: No such file or directory', 'INPUT_MISSING'],
  ['Error while decoding stream #0:0: Invalid data found when processing input', 'CORRUPT'],
  ['Decoder (codec none) not found for input stream #0:0', 'UNSUPPORTED_FORMAT'],
  ['something that nobody knows', 'PROGRAM_FAILED'],
])('"%s" means %s', (said, code) => expect(codeOf(failed(said))).toBe(code));

test.each<[number, MediaJobErrorCode]>([
  [69, 'CORRUPT'],
  [137, 'PROGRAM_KILLED'],
  [139, 'PROGRAM_CRASHED'],
  [153, 'OUTPUT_LIMIT'],
  [255, 'PROGRAM_KILLED'],
])('exit code %i means %s', (exitCode, code) => expect(codeOf(failed('', exitCode))).toBe(code));

test('the limits that the kernel enforces are limits, not kills', () => {
  for (const [signal, code] of [['SIGXCPU', 'TIMEOUT'], ['SIGXFSZ', 'OUTPUT_LIMIT'], ['SIGKILL', 'PROGRAM_KILLED']]) {
    expect(codeOf(new MediaJobError('PROGRAM_KILLED', { message: 'killed', facts: { signal } }))).toBe(code);
  }
});

test('a codec that is not opened is named, and a refused decoder of the video is no matter', () => {
  const refused = decodeFailure(failed('[aac @ 0x1] Codec (aac_at) not on whitelist \'mp3\'\nError'), context) as MediaJobError;
  expect([refused.code, refused.message.includes('aac')]).toEqual(['UNSUPPORTED_FORMAT', true]);
  expect(codeOf(failed('[h264 @ 0x1] Codec (h264) not on whitelist \'mp3\'\nInvalid data found'))).toBe('CORRUPT');
  expect(withoutWhitelistLines("[h264 @ 0x1] Codec (h264) not on whitelist 'mp3'\n    Last message repeated 1 times\nreal trouble")).toBe('real trouble');
});

test('what is no error of a run passes as it is', () => {
  const other = new TypeError('mine');
  expect(decodeFailure(other, context)).toBe(other);
  const aborted = new MediaJobError('ABORTED', { message: 'stop' });
  expect(decodeFailure(aborted, context)).toBe(aborted);
});

import type { MediaJobError } from '@media-jobs/foundation';
import { corrupt } from './corrupt.ts';
import { unsupported } from './describe-media.ts';

/** What ffprobe and ffmpeg say of a file that they take for a format only because its name ends so, or not at all. */
const guessed = /detected only with low score/;
/** A format that is not on the allow-list: the first text is that of ffmpeg 5 and before. */
const notAllowed = /Invalid argument|not on whitelist|Protocol not found/;
/** A demuxer had taken the file for one of its own before it failed. */
const demuxerSpoke = /^\[[a-z0-9_,]+ @ 0x/m;

/** What the failure of ffprobe to read `path` is called, by what it said. */
export function probeFailure(path: string, said: string, cause?: unknown): MediaJobError {
  if (notAllowed.test(said)) return unsupported(path, 'something else');
  if (guessed.test(said) || !demuxerSpoke.test(said)) return unsupported(path, 'content that resembles none');
  return corrupt(path, said, cause);
}

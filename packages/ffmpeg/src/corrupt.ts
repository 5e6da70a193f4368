import { MediaJobError } from '@media-jobs/foundation';

/** A `CORRUPT` for `path`, with the last line that ffmpeg or ffprobe said. */
export function corrupt(path: string, said: string, cause?: unknown): MediaJobError {
  const last = said.trimEnd().split('\n').findLast((line) => line.trim() !== '') ?? 'nothing was said';
  return new MediaJobError('CORRUPT', {
    message: `Expected ${JSON.stringify(path)} to be whole media, got: ${last.slice(0, 300)}.`,
    advice: 'The file is damaged or incomplete; fetch or export it again.',
    facts: { path, stderrTail: said.slice(-4096) },
    cause,
  });
}

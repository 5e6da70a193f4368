import { toCues, type CaptionSegment } from './cues.ts';

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** LRC lyrics: the start of each line in minutes, seconds and hundredths; an empty text when nothing was said. */
export function toLrc(segments: readonly CaptionSegment[]): string {
  return toCues(segments)
    .map((cue) => `[${two(cue.startMs / 60_000)}:${two((cue.startMs / 1000) % 60)}.${two((cue.startMs % 1000) / 10)}]${cue.text}\n`)
    .join('');
}

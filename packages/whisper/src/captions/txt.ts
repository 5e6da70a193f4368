import { toCues, type CaptionSegment } from './cues.ts';

/** Plain text, a line for each segment; an empty text when nothing was said. */
export function toTxt(segments: readonly CaptionSegment[]): string {
  return toCues(segments).map((cue) => `${cue.text}\n`).join('');
}

import { clockTime, toCues, type CaptionSegment } from './cues.ts';

/**
 * SubRip subtitles, numbered from 1; an empty text when nothing was said. SubRip knows no escape, so an arrow of times
 * inside a text becomes a typographic one.
 */
export function toSrt(segments: readonly CaptionSegment[]): string {
  return toCues(segments)
    .map((cue, index) => `${index + 1}\n${clockTime(cue.startMs, ',')} --> ${clockTime(cue.endMs, ',')}\n${cue.text.replaceAll('-->', '→')}\n`)
    .join('\n');
}

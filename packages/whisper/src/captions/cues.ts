import { checkWhole } from '../options.ts';
import type { WrappedCaptionOptions } from './caption-options.ts';
import { lengthOf, wrapText } from './wrap-text.ts';

/** What captions are made of; a `Segment` of a transcript fits. Times are seconds from the start of the audio. */
export interface CaptionSegment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One caption, ready to be written: times in whole milliseconds, text of one line, or of several where they are limited. */
export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** The text as it stands in a caption: one line, without anything that could end it. */
export const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
const milliseconds = (seconds: number, most: number): number => (Number.isFinite(seconds) ? Math.min(most, Math.max(0, Math.round(seconds * 1000))) : 0);

/**
 * Captions in order of time, none of which is empty, runs backwards or reaches into the next. No text is lost: what
 * starts in the same millisecond becomes one caption.
 */
export function toCues(segments: readonly CaptionSegment[], options: WrappedCaptionOptions = {}): readonly Cue[] {
  const endMs = options.durationSeconds === undefined ? Infinity : Math.max(1, milliseconds(options.durationSeconds, Infinity));
  const sorted = segments
    .map((segment) => ({ startMs: milliseconds(segment.start, endMs - 1), endMs: milliseconds(segment.end, endMs), text: oneLine(segment.text) }))
    .filter((cue) => cue.text !== '')
    .sort((one, other) => one.startMs - other.startMs);
  // A caption of no length is never shown: give it the shortest there is. The next starts a millisecond later at least.
  const cues = joined(sorted).map((cue) => ({ ...cue, endMs: Math.max(cue.endMs, cue.startMs + 1) }));
  return options.maxLineLength === undefined ? cues : cues.flatMap((cue) => wrapped(cue, options.maxLineLength ?? 0, options.maxLines ?? 2));
}

function joined(sorted: readonly Cue[]): readonly Cue[] {
  const cues: { startMs: number; endMs: number; text: string }[] = [];
  for (const cue of sorted) {
    const last = cues.at(-1);
    if (last?.startMs === cue.startMs) {
      last.endMs = Math.max(last.endMs, cue.endMs);
      last.text += ` ${cue.text}`;
      continue;
    }
    if (last !== undefined) last.endMs = Math.min(last.endMs, cue.startMs);
    cues.push({ ...cue });
  }
  return cues;
}

/** Several captions of limited lines, which share the time by their characters. One that is too short for that keeps all its lines. */
function wrapped(cue: Cue, maxLineLength: number, maxLines: number): readonly Cue[] {
  checkWhole('maxLineLength', maxLineLength, 1, 10_000);
  checkWhole('maxLines', maxLines, 1, 100);
  const lines = wrapText(cue.text, maxLineLength);
  const texts = Array.from({ length: Math.ceil(lines.length / maxLines) }, (_, index) => lines.slice(index * maxLines, (index + 1) * maxLines).join('\n'));
  const spanMs = cue.endMs - cue.startMs;
  if (texts.length > spanMs) return [{ ...cue, text: lines.join('\n') }];
  const lengths = texts.map(lengthOf);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  let last = cue.startMs - 1;
  const bounds = lengths.map((length, index) => {
    const bound = cue.startMs + Math.round((before / total) * spanMs);
    before += length;
    // Shares of less than a millisecond round to the same one: each begins after the one before, and leaves one to each that follows.
    last = Math.min(Math.max(bound, last + 1), cue.endMs - (texts.length - index));
    return last;
  });
  return texts.map((text, index) => ({ startMs: bounds[index] ?? cue.startMs, endMs: bounds[index + 1] ?? cue.endMs, text }));
}

/** `ms` as hours, minutes, seconds and milliseconds; hours have two digits or more. */
export function clockTime(ms: number, beforeMilliseconds: ',' | '.'): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${beforeMilliseconds}${String(ms % 1000).padStart(3, '0')}`;
}

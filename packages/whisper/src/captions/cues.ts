/** What captions are made of; a `Segment` of a transcript fits. Times are seconds from the start of the audio. */
export interface CaptionSegment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One caption, ready to be written: times in whole milliseconds, text of one line. */
export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
const milliseconds = (seconds: number): number => (Number.isFinite(seconds) ? Math.max(0, Math.round(seconds * 1000)) : 0);

/**
 * Captions in order of time, none of which is empty, runs backwards or reaches into the next. No text is lost: what
 * starts in the same millisecond becomes one caption.
 */
export function toCues(segments: readonly CaptionSegment[]): readonly Cue[] {
  const sorted = segments
    .map((segment) => ({ startMs: milliseconds(segment.start), endMs: milliseconds(segment.end), text: oneLine(segment.text) }))
    .filter((cue) => cue.text !== '')
    .sort((one, other) => one.startMs - other.startMs);
  const cues: { startMs: number; endMs: number; text: string }[] = [];
  for (const cue of sorted) {
    const last = cues.at(-1);
    if (last?.startMs === cue.startMs) {
      last.endMs = Math.max(last.endMs, cue.endMs);
      last.text += ` ${cue.text}`;
      continue;
    }
    if (last !== undefined) last.endMs = Math.min(last.endMs, cue.startMs);
    cues.push(cue);
  }
  // A caption of no length is never shown: give it the shortest there is. The next starts a millisecond later at least.
  return cues.map((cue) => ({ ...cue, endMs: Math.max(cue.endMs, cue.startMs + 1) }));
}

/** `ms` as hours, minutes, seconds and milliseconds; hours have two digits or more. */
export function clockTime(ms: number, beforeMilliseconds: ',' | '.'): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${beforeMilliseconds}${String(ms % 1000).padStart(3, '0')}`;
}

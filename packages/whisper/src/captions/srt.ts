import { finished, type WrappedCaptionOptions } from './caption-options.ts';
import { CaptionLines, parseTimeLine } from './caption-lines.ts';
import { clockTime, toCues, type CaptionSegment } from './cues.ts';

/**
 * SubRip subtitles, numbered from 1; an empty text when nothing was said. SubRip knows no escape, so an arrow of times
 * inside a text becomes a typographic one.
 */
export function toSrt(segments: readonly CaptionSegment[], options: WrappedCaptionOptions = {}): string {
  const cues = toCues(segments, options).map((cue, index) => `${index + 1}\n${clockTime(cue.startMs, ',')} --> ${clockTime(cue.endMs, ',')}\n${cue.text.replaceAll('-->', '→')}\n`);
  return finished(cues.join('\n'), options);
}

/** Reads SubRip, also that of others: with a point before the milliseconds, without numbers, with settings behind the times. Lines of one caption stay lines. Throws `INVALID_INPUT` with the line. */
export function parseSrt(text: string): readonly CaptionSegment[] {
  const lines = new CaptionLines(text, 'SubRip');
  const segments: CaptionSegment[] = [];
  for (let line = lines.nextWritten(); line !== undefined; line = lines.nextWritten()) {
    // The number before the times is for people; some files have none.
    const times = parseTimeLine(line) ?? (/^\d+$/.test(line.trim()) ? parseTimeLine(lines.next() ?? '') : undefined);
    if (times === undefined) throw lines.wrong('the times of a caption');
    segments.push({ ...times, text: lines.untilBlank().join('\n') });
  }
  return segments;
}

import { finished, type WrappedCaptionOptions } from './caption-options.ts';
import { CaptionLines, parseTimeLine } from './caption-lines.ts';
import { clockTime, toCues, type CaptionSegment } from './cues.ts';

/** The three characters that WebVTT gives a meaning inside a text (W3C WebVTT, section 4.2.2). */
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** What may be written for a character there. */
const meanings: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', nbsp: '\u00A0', lrm: '\u200E', rlm: '\u200F' };

/** WebVTT captions; only the first line when nothing was said. */
export function toVtt(segments: readonly CaptionSegment[], options: WrappedCaptionOptions = {}): string {
  const cues = toCues(segments, options).map((cue) => {
    const text = cue.text.replaceAll(/[&<>]/g, (character) => entities[character] ?? character);
    return `\n${clockTime(cue.startMs, '.')} --> ${clockTime(cue.endMs, '.')}\n${text}\n`;
  });
  return finished(`WEBVTT\n${cues.join('')}`, options);
}

/** Reads WebVTT. Tags, settings, names of captions, notes and styles are passed over; lines of one caption stay lines. Throws `INVALID_INPUT` with the line. */
export function parseVtt(text: string): readonly CaptionSegment[] {
  const lines = new CaptionLines(text, 'WebVTT');
  if (!/^WEBVTT(?:[ \t]|$)/.test(lines.next() ?? '')) throw lines.wrong('`WEBVTT`');
  // Header lines may follow, up to a blank one.
  lines.untilBlank();
  const segments: CaptionSegment[] = [];
  for (let line = lines.nextWritten(); line !== undefined; line = lines.nextWritten()) {
    if (/^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/.test(line)) {
      lines.untilBlank();
      continue;
    }
    const times = parseTimeLine(line) ?? parseTimeLine(lines.next() ?? '');
    if (times === undefined) throw lines.wrong('the times of a caption');
    segments.push({ ...times, text: plainText(lines.untilBlank().join('\n')) });
  }
  return segments;
}

function plainText(text: string): string {
  return text.replaceAll(/<[^>]*>?/g, '').replaceAll(/&(?:#(\d{1,7})|#[xX]([\dA-Fa-f]{1,6})|([A-Za-z]+));/g, (whole, decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined) => {
    if (name !== undefined) return meanings[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    return point <= 0x10_FF_FF ? String.fromCodePoint(point) : whole;
  });
}

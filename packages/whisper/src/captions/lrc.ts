import { finished, type CaptionOptions } from './caption-options.ts';
import { CaptionLines } from './caption-lines.ts';
import { toCues, type CaptionSegment } from './cues.ts';

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** LRC lyrics: the start of each line in minutes, seconds and hundredths; an empty text when nothing was said. */
export function toLrc(segments: readonly CaptionSegment[], options: CaptionOptions = {}): string {
  const lines = toCues(segments, options).map(({ startMs, text }) => {
    // A text that begins like a tag would be taken for another time of the same line.
    const words = text.startsWith('[') ? ` ${text}` : text;
    return `[${two(startMs / 60_000)}:${two((startMs / 1000) % 60)}.${two((startMs % 1000) / 10)}]${words}\n`;
  });
  return finished(lines.join(''), options);
}

/**
 * Reads LRC lyrics. The format has no ends: each line ends where the next begins, the last where it begins. A line with
 * several times stands for several; tags about the song are passed over. Throws `INVALID_INPUT` with the line.
 */
export function parseLrc(text: string): readonly CaptionSegment[] {
  const lines = new CaptionLines(text, 'LRC');
  const found: { start: number; text: string }[] = [];
  for (let line = lines.nextWritten(); line !== undefined; line = lines.nextWritten()) {
    const tags = /^(?:\[\d+:\d{1,2}(?:[.:]\d{1,3})?\])+/.exec(line)?.[0];
    if (tags === undefined && !/^\[[a-z#]+:.*\]$/i.test(line)) throw lines.wrong('a time such as [01:02.50]');
    for (const [, minutes, seconds, fraction = '0'] of (tags ?? '').matchAll(/\[(\d+):(\d{1,2})(?:[.:](\d{1,3}))?\]/g)) {
      found.push({ start: (Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(fraction.padEnd(3, '0'))) / 1000, text: line.slice(tags?.length).trim() });
    }
  }
  const sorted = found.sort((one, other) => one.start - other.start);
  return sorted.map(({ start, text: words }, index) => ({ start, end: sorted[index + 1]?.start ?? start, text: words })).filter(({ text: words }) => words !== '');
}

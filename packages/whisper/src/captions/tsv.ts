import { finished, type CaptionOptions } from './caption-options.ts';
import { CaptionLines } from './caption-lines.ts';
import { toCues, type CaptionSegment } from './cues.ts';

const header = 'start\tend\ttext';

/** Tab-separated columns `start`, `end` (both in milliseconds) and `text`, as OpenAI's own command writes them. */
export function toTsv(segments: readonly CaptionSegment[], options: CaptionOptions = {}): string {
  return finished(`${header}\n${toCues(segments, options).map((cue) => `${cue.startMs}\t${cue.endMs}\t${cue.text}\n`).join('')}`, options);
}

/** Reads what `toTsv` writes. Throws `INVALID_INPUT` with the line. */
export function parseTsv(text: string): readonly CaptionSegment[] {
  const lines = new CaptionLines(text, 'tab-separated');
  if (lines.next() !== header) throw lines.wrong('the columns start, end and text');
  const segments: CaptionSegment[] = [];
  for (let line = lines.nextWritten(); line !== undefined; line = lines.nextWritten()) {
    const row = /^(\d+)\t(\d+)\t([^\t]*)$/.exec(line);
    if (row === null) throw lines.wrong('two times in milliseconds and a text');
    segments.push({ start: Number(row[1]) / 1000, end: Number(row[2]) / 1000, text: row[3] ?? '' });
  }
  return segments;
}

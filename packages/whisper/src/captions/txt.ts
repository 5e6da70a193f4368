import { finished, type CaptionOptions } from './caption-options.ts';
import { CaptionLines } from './caption-lines.ts';
import { toCues, type CaptionSegment } from './cues.ts';

/** Plain text, a line for each segment; an empty text when nothing was said. */
export function toTxt(segments: readonly CaptionSegment[], options: CaptionOptions = {}): string {
  return finished(toCues(segments, options).map((cue) => `${cue.text}\n`).join(''), options);
}

/** The lines of what `toTxt` writes; times are not in it. */
export function parseTxt(text: string): readonly string[] {
  const lines = new CaptionLines(text, 'plain');
  const found: string[] = [];
  for (let line = lines.nextWritten(); line !== undefined; line = lines.nextWritten()) found.push(line);
  return found;
}

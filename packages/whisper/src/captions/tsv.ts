import { toCues, type CaptionSegment } from './cues.ts';

/** Tab-separated columns `start`, `end` (both in milliseconds) and `text`, as OpenAI's own command writes them. */
export function toTsv(segments: readonly CaptionSegment[]): string {
  return `start\tend\ttext\n${toCues(segments).map((cue) => `${cue.startMs}\t${cue.endMs}\t${cue.text}\n`).join('')}`;
}

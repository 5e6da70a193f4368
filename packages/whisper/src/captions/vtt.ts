import { clockTime, toCues, type CaptionSegment } from './cues.ts';

/** The three characters that WebVTT gives a meaning inside a text (W3C WebVTT, section 4.2.2). */
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** WebVTT captions; only the first line when nothing was said. */
export function toVtt(segments: readonly CaptionSegment[]): string {
  const cues = toCues(segments).map((cue) => {
    const text = cue.text.replaceAll(/[&<>]/g, (character) => entities[character] ?? character);
    return `\n${clockTime(cue.startMs, '.')} --> ${clockTime(cue.endMs, '.')}\n${text}\n`;
  });
  return `WEBVTT\n${cues.join('')}`;
}

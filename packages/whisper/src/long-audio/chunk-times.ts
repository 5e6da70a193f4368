import type { Segment, Word } from '@media-jobs/core';
import { sampleRate } from '../wav/wav-format.ts';
import { roundingSeconds } from '../transcript.ts';
import type { Chunk } from './plan-chunks.ts';

/** Engines tell whole milliseconds, and chunks begin on them; more digits would be noise. */
const inMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/**
 * A segment of a chunk with its times in the whole audio, and within the chunk. Undefined when it lies behind the chunk's
 * sound: engines hear words in the silence that they put there.
 */
export function placeSegment(segment: Segment, { startSample, endSample, leadSamples }: Chunk): Segment | undefined {
  const [first, last] = [startSample / sampleRate, endSample / sampleRate];
  const offset = (startSample - leadSamples) / sampleRate;
  const start = segment.start + offset;
  if (start > last + roundingSeconds) return undefined;
  const inside = (seconds: number): number => inMilliseconds(Math.min(Math.max(first, seconds + offset), last));
  const placed = <Timed extends Segment | Word>(timed: Timed): Timed => ({ ...timed, start: inside(timed.start), end: inside(Math.max(timed.start, timed.end)) });
  return { ...placed(segment), ...(segment.words === undefined ? {} : { words: segment.words.map(placed) }) };
}

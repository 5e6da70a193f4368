import type { OpenWav } from '../wav/open-wav.ts';
import { sampleRate } from '../wav/wav-format.ts';
import { findCut, firstSound, holdsSound, lastSound, overlapFrames, padFrames, thresholdsOf, type Cut, type CutBounds, type Thresholds } from './find-cut.ts';
import { countFrames, frameSamples, framesPerSecond, readLevels } from './frame-levels.ts';

/** A stretch of audio that is heard by itself. */
export interface Chunk {
  /** From 0. */
  readonly index: number;
  readonly startSample: number;
  /** First sample after it. */
  readonly endSample: number;
  /** Silence put before and after it, where the audio itself has too little. */
  readonly leadSamples: number;
  readonly tailSamples: number;
  /** The audio that is dealt with when the chunk is: also the silence before it, which nobody hears. */
  readonly fromSample: number;
  readonly doneSample: number;
  /** Where the audio was cut in the middle of sound: chunks overlap there. */
  readonly hardStart: number | null;
  readonly hardEnd: number | null;
}

export interface PlanOptions {
  /** The longest chunk. It is cut in the longest pause of its second half. */
  readonly chunkSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds on each side of a hard cut that both chunks hold. */
export const overlapSeconds = overlapFrames / framesPerSecond;

/** The engine does not look at audio of less than a second, and ignores the last tenth. */
const leastChunkSamples = 1.2 * sampleRate;

/**
 * Cuts audio into chunks that begin and end in pauses. Silence at their ends, and every silence of half a minute or more, is
 * in none of them; whatever is louder is. The places depend on the samples and on `chunkSeconds` alone; memory is that of one
 * chunk's levels (200 bytes for a second).
 */
export async function* planChunks(wav: OpenWav, { chunkSeconds, signal }: PlanOptions): AsyncGenerator<Chunk, void, void> {
  const total = countFrames(wav);
  const mostFrames = Math.round(chunkSeconds * framesPerSecond);
  const bounds: CutBounds = { leastFrames: Math.ceil(mostFrames / 2), mostFrames };
  const levelsFrom = (frame: number): Promise<Float32Array> => readLevels(wav, frame, Math.min(total, frame + mostFrames), signal);
  let from = 0;
  let hardStart: number | null = null;
  for (let position = 0, index = 0; position < total;) {
    const ahead = await levelsFrom(position);
    const sound = firstSound(ahead, thresholdsOf(ahead));
    if (sound < 0) {
      // A word may begin right behind: it keeps the quiet before it.
      position += position + ahead.length < total ? ahead.length - padFrames : ahead.length;
      hardStart = null;
      continue;
    }
    // After a hard cut the overlap is kept as it is: the words in it are needed for the seam.
    const skipped: number = hardStart === null ? Math.max(0, sound - padFrames) : 0;
    const start = position + skipped;
    const levels = skipped === 0 ? ahead : await levelsFrom(start);
    const found: Found = { from, start, levels, thresholds: thresholdsOf(levels), hardStart, cut: findCut(levels, bounds, thresholdsOf(levels)) };
    const chunk = chunkOf(wav, index, found);
    position = start + found.cut.at - (found.cut.kind === 'hard' ? overlapFrames : 0);
    if (chunk !== undefined) {
      yield chunk;
      index += 1;
      from = position;
    }
    hardStart = chunk?.hardEnd ?? null;
  }
}

interface Found {
  readonly from: number;
  readonly start: number;
  readonly levels: Float32Array;
  readonly thresholds: Thresholds;
  readonly hardStart: number | null;
  readonly cut: Cut;
}

/** Undefined when it holds no more sound than a click. */
function chunkOf({ format }: OpenWav, index: number, { from, start, levels, thresholds, hardStart, cut }: Found): Chunk | undefined {
  const hard = cut.kind === 'hard';
  const reach = levels.subarray(0, hard ? cut.at + overlapFrames : cut.at);
  if (!holdsSound(reach, thresholds)) return undefined;
  const end = hard ? reach.length : Math.min(reach.length, lastSound(reach, thresholds) + 1 + padFrames);
  const [startSample, endSample] = [start * frameSamples, Math.min(format.dataBytes / 2, (start + end) * frameSamples)];
  const leadSamples = hardStart === null ? Math.max(0, padFrames - firstSound(reach, thresholds)) * frameSamples : 0;
  const tailSamples = hard ? 0 : Math.max(0, padFrames - (end - 1 - lastSound(reach, thresholds))) * frameSamples;
  return {
    index, startSample, endSample, leadSamples,
    tailSamples: Math.max(tailSamples, leastChunkSamples - leadSamples - (endSample - startSample)),
    fromSample: from * frameSamples,
    doneSample: Math.min(format.dataBytes / 2, (start + cut.at) * frameSamples),
    hardStart, hardEnd: hard ? (start + cut.at) * frameSamples : null,
  };
}

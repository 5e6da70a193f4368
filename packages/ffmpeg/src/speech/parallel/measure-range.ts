import { open } from 'node:fs/promises';
import { speechSampleRate } from '../../arguments.ts';
import type { HistogramParts } from '../../loudness/loudness-histogram.ts';
import { blockOverlap, LoudnessMeter } from '../../loudness/loudness-meter.ts';
import { TruePeakMeter } from '../../loudness/true-peak-meter.ts';
import { channelOf } from '../../sample-reader.ts';
import { readFrames } from '../read-frames.ts';
import type { FrameRange } from './ranges.ts';

/** Staged frames that are measured. */
export interface MeasureTask extends FrameRange {
  readonly kind: 'measure';
  readonly path: string;
  readonly channels: number;
}

/** One channel of a range. */
export interface MeasuredRange {
  readonly histogram: HistogramParts;
  /** dBTP. */
  readonly peakDb: number;
}

/** In this many samples the weighting filters forget what was before. */
const settleSamples = speechSampleRate;

/** Measures a range so that all ranges together are what one measurement of the whole would be: blocks that reach over a border belong to the later range. */
export async function measureRange({ path, channels, from, to, total }: MeasureTask): Promise<readonly MeasuredRange[]> {
  const meters = Array.from({ length: channels }, () => ({ loudness: new LoudnessMeter(speechSampleRate), peak: new TruePeakMeter() }));
  const first = Math.max(0, from - blockOverlap(speechSampleRate));
  await using source = await open(path, 'r');
  for await (const frames of readFrames(source, channels, Math.max(0, first - settleSamples), first)) {
    for (const [index, { loudness, peak }] of meters.entries()) {
      const samples = channelOf(frames, index, channels);
      loudness.warmUp(samples);
      peak.warmUp(samples);
    }
  }
  for await (const frames of readFrames(source, channels, first, to)) {
    for (const [index, { loudness, peak }] of meters.entries()) {
      const samples = channelOf(frames, index, channels);
      loudness.add(samples);
      peak.add(samples);
    }
  }
  return meters.map(({ loudness, peak }) => ({ histogram: loudness.parts(), peakDb: to === total ? peak.finish() : 20 * Math.log10(peak.highest) }));
}

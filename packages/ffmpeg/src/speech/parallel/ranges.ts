import { speechSampleRate } from '../../arguments.ts';
import { stepSamples } from '../../loudness/loudness-meter.ts';

/** A part of the staged frames that one thread works on. */
export interface FrameRange {
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
  /** Frames in all. */
  readonly total: number;
}

/** Cuts all frames into `count` parts of about the same length, at borders of the blocks that loudness is measured by. */
export function frameRanges(total: number, count: number): readonly FrameRange[] {
  const step = stepSamples(speechSampleRate);
  const length = Math.max(step, Math.ceil(total / count / step) * step);
  const parts = Math.max(1, Math.ceil(total / length));
  return Array.from({ length: parts }, (_, index) => ({ from: index * length, to: Math.min(total, (index + 1) * length), total }));
}

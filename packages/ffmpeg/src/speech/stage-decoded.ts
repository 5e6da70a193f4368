import { FileWriter } from '@media-jobs/cleanup';
import { speechSampleRate } from '../arguments.ts';
import type { Decoded, DecodeRequest } from '../decode.ts';
import { LoudnessMeter } from '../loudness/loudness-meter.ts';
import { TruePeakMeter } from '../loudness/true-peak-meter.ts';
import type { LoudnessMeasurement } from '../loudness/gain-plan.ts';
import { channelOf } from '../sample-reader.ts';

/** Decoded audio in a file of 32-bit float samples, and how loud it is. */
export interface Staged extends Decoded {
  readonly path: string;
  /** Interleaved channels in the file. */
  readonly channels: number;
  /** One for each channel. */
  readonly measured: readonly LoudnessMeasurement[];
  /** How many processes decoded it together; left out for one. */
  readonly processes?: number;
}

/** Where decoded samples are kept until their gain is known. */
export interface StageOptions {
  readonly path: string;
  readonly channels: number;
  /** Stays free on the disk. */
  readonly reserveBytes: number;
  /** Told of the seconds so far. */
  readonly onSeconds: (seconds: number) => void;
}

/**
 * Decodes into a file and measures on the way. The samples are kept as floats: they may lie above full scale, and a quiet
 * recording keeps its fine steps under a large gain.
 */
export async function stageDecoded(stage: StageOptions, run: (onSamples: DecodeRequest['onSamples']) => Promise<Decoded>): Promise<Staged> {
  const { path, channels, onSeconds } = stage;
  const meters = Array.from({ length: channels }, () => ({ loudness: new LoudnessMeter(speechSampleRate), peak: new TruePeakMeter() }));
  const writer = await FileWriter.open(path, stage.reserveBytes);
  let frames = 0;
  const onSamples = (samples: Float32Array): Promise<void> => {
    for (const [index, { loudness, peak }] of meters.entries()) {
      const channel = channelOf(samples, index, channels);
      loudness.add(channel);
      peak.add(channel);
    }
    frames += samples.length / channels;
    onSeconds(frames / speechSampleRate);
    return writer.append(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  };
  try {
    const decoded = await run(onSamples);
    await writer.close();
    const measured = meters.map(({ loudness, peak }) => ({ lufs: loudness.integrated(), peakDb: peak.finish(), durationSeconds: decoded.seconds }));
    return { ...decoded, path, channels, measured };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

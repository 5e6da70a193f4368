import { open } from 'node:fs/promises';
import { FileWriter } from '@media-jobs/cleanup';
import { speechSampleRate } from '../../arguments.ts';
import type { HistogramParts } from '../../loudness/loudness-histogram.ts';
import { blockOverlap, LoudnessMeter } from '../../loudness/loudness-meter.ts';
import { TruePeakLimiter } from '../../loudness/true-peak-limiter.ts';
import { channelOf, type ChannelPick } from '../../sample-reader.ts';
import { wavHeaderBytes } from '../../wav.ts';
import { PeakCollector, type PeakParts } from '../../waveform/peak-collector.ts';
import { amplify, createPcmEncoder } from '../pcm-encoder.ts';
import { readFrames } from '../read-frames.ts';
import type { FrameRange } from './ranges.ts';

/** Staged frames that become their part of a WAV file. */
export interface WriteTask extends FrameRange {
  readonly kind: 'write';
  /** The staging file. */
  readonly path: string;
  readonly channels: number;
  readonly pick: ChannelPick;
  readonly gainDb: number;
  readonly limitDb: number | undefined;
  /** The WAV file; it exists. Its header is the caller's. */
  readonly out: string;
  readonly reserveBytes: number;
  /** Columns of the picture; undefined for none. */
  readonly columns: number | undefined;
}

/** What was written. */
export interface WrittenRange {
  /** Of what was written, when a limiter made it differ from input plus gain. */
  readonly histogram?: HistogramParts;
  readonly peaks?: PeakParts;
}

/** In this many samples a limiter comes to rest from whatever was before, and weighting filters forget it. */
const [limiterSettle, meterSettle] = [2 * speechSampleRate, speechSampleRate];
/** More than a limiter looks ahead. */
const lookAhead = 1_600;
const pcmBytes = 2;

/** Writes one range as a run over the whole would: what comes before it is heard, but not written. */
export async function writeRange(task: WriteTask, onFrames: (frames: number) => void): Promise<WrittenRange> {
  const { from, to, total, limitDb, columns } = task;
  const limiter = limitDb === undefined ? undefined : new TruePeakLimiter({ sampleRate: speechSampleRate, limitDb });
  const meter = limiter === undefined ? undefined : new LoudnessMeter(speechSampleRate);
  const peaks = columns === undefined ? undefined : PeakCollector.forPart(columns, total, from);
  const measuredFrom = Math.max(0, from - blockOverlap(speechSampleRate));
  const start = limiter === undefined ? from : Math.max(0, measuredFrom - meterSettle - limiterSettle);
  const writer = await FileWriter.openAt(task.out, task.reserveBytes, wavHeaderBytes + from * pcmBytes);
  const encode = createPcmEncoder();
  let at = start;
  const take = async (samples: Float32Array): Promise<void> => {
    const between = (first: number, end: number): Float32Array => samples.subarray(Math.min(samples.length, Math.max(0, first - at)), Math.min(samples.length, Math.max(0, end - at)));
    meter?.warmUp(between(start + (start === 0 ? 0 : limiterSettle), measuredFrom));
    meter?.add(between(measuredFrom, to));
    const own = between(from, to);
    peaks?.add(own);
    at += samples.length;
    onFrames(Math.max(0, Math.min(at, to) - from));
    await writer.append(encode(own));
  };
  try {
    await using source = await open(task.path, 'r');
    const gain = 10 ** (task.gainDb / 20);
    for await (const frames of readFrames(source, task.channels, start, limiter === undefined ? to : Math.min(total, to + lookAhead))) {
      const samples = channelOf(frames, task.pick, task.channels);
      amplify(samples, gain);
      await take(limiter === undefined ? samples : limiter.add(samples));
    }
    if (limiter !== undefined && to + lookAhead >= total) await take(limiter.finish());
    if (at < to) throw new RangeError(`Expected ${to} staged samples, got ${at}.`);
    await writer.close();
    return { ...(meter === undefined ? {} : { histogram: meter.parts() }), ...(peaks === undefined ? {} : { peaks: peaks.parts() }) };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

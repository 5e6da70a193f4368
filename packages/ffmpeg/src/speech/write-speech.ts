import { open } from 'node:fs/promises';
import { FileWriter } from '@media-jobs/cleanup';
import { throwIfAborted } from '../call-controls.ts';
import { speechSampleRate } from '../arguments.ts';
import { LoudnessMeter } from '../loudness/loudness-meter.ts';
import { TruePeakLimiter } from '../loudness/true-peak-limiter.ts';
import { channelOf, type ChannelPick } from '../sample-reader.ts';
import { wavHeader } from '../wav.ts';
import type { PeakCollector } from '../waveform/peak-collector.ts';
import type { ProcessControls } from '@media-jobs/process';
import { amplify, createPcmEncoder } from './pcm-encoder.ts';
import { readFrames } from './read-frames.ts';
import type { Staged } from './stage-decoded.ts';

/** How staged samples become a WAV file. */
export interface WriteSpeechOptions {
  readonly staged: Pick<Staged, 'path' | 'channels'>;
  /** The staged channel that is written. */
  readonly channel: ChannelPick;
  readonly gainDb: number;
  /** Largest true peak of the result, when a limiter is needed. */
  readonly limitDb: number | undefined;
  /** The file to write; it exists. */
  readonly path: string;
  /** Stays free on the disk. */
  readonly reserveBytes: number;
  /** Gathers the picture of the result. */
  readonly peaks: PeakCollector | undefined;
  /** Told of the seconds so far. */
  readonly onSeconds: (seconds: number) => void;
}

/** What was written. */
export interface WrittenSpeech {
  readonly samples: number;
  /** Bytes of the whole file. */
  readonly bytes: number;
  /** Loudness of what was written, when a limiter made it differ from input plus gain. */
  readonly lufs: number | undefined;
}

/** Writes 16-bit mono PCM from staged samples. Throws `DISK_FULL`, `OUTPUT_UNWRITABLE`, `ABORTED`. */
export async function writeSpeech(options: WriteSpeechOptions, controls: ProcessControls): Promise<WrittenSpeech> {
  const { staged, channel, limitDb, peaks, onSeconds } = options;
  const gain = 10 ** (options.gainDb / 20);
  const limiter = limitDb === undefined ? undefined : new TruePeakLimiter({ sampleRate: speechSampleRate, limitDb });
  const meter = limiter === undefined ? undefined : new LoudnessMeter(speechSampleRate);
  await using source = await open(staged.path, 'r');
  const writer = await FileWriter.open(options.path, options.reserveBytes);
  const encode = createPcmEncoder();
  let written = 0;
  const write = async (samples: Float32Array): Promise<void> => {
    meter?.add(samples);
    peaks?.add(samples);
    written += samples.length;
    onSeconds(written / speechSampleRate);
    await writer.append(encode(samples));
  };
  try {
    await writer.append(wavHeader(speechSampleRate, 0));
    for await (const frames of readFrames(source, staged.channels)) {
      throwIfAborted(controls);
      const samples = channelOf(frames, channel, staged.channels);
      amplify(samples, gain);
      await write(limiter === undefined ? samples : limiter.add(samples));
    }
    if (limiter !== undefined) await write(limiter.finish());
    await writer.patch(wavHeader(speechSampleRate, written * 2));
    await writer.close();
    return { samples: written, bytes: writer.bytes, lufs: meter?.integrated() };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

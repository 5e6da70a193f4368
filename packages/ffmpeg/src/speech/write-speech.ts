import { open, type FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../call-controls.ts';
import { speechSampleRate } from '../arguments.ts';
import { FileWriter } from '../file-writer.ts';
import { LoudnessMeter } from '../loudness/loudness-meter.ts';
import { TruePeakLimiter } from '../loudness/true-peak-limiter.ts';
import { channelOf, type ChannelPick } from '../sample-reader.ts';
import { wavHeader } from '../wav.ts';
import type { PeakCollector } from '../waveform/peak-collector.ts';
import type { ProcessControls } from '@media-jobs/process';
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

/** A quarter of a MiB: some milliseconds of work between two looks at everything else. */
const readBytes = 262_144;
const fullScale = 32_768;

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

/** The samples are in memory that is used again for the next. */
async function* readFrames(source: FileHandle, channels: number): AsyncGenerator<Float32Array> {
  const buffer = new ArrayBuffer(readBytes);
  const frameBytes = channels * Float32Array.BYTES_PER_ELEMENT;
  for (let position = 0; ; ) {
    const { bytesRead } = await source.read(new Uint8Array(buffer), 0, readBytes, position);
    const whole = bytesRead - (bytesRead % frameBytes);
    if (whole === 0) return;
    position += whole;
    yield new Float32Array(buffer, 0, whole / Float32Array.BYTES_PER_ELEMENT);
  }
}

function amplify(samples: Float32Array, gain: number): void {
  for (let index = 0; index < samples.length; index += 1) samples[index] = (samples[index] as number) * gain;
}

/** Rounds to the nearest step, in memory that the next call uses again. Adding full scale first makes all values positive, where cutting off is rounding down. */
function createPcmEncoder(): (samples: Float32Array) => Uint8Array {
  let pcm = new Int16Array(0);
  return (samples) => {
    if (pcm.length < samples.length) pcm = new Int16Array(samples.length);
    for (let index = 0; index < samples.length; index += 1) {
      const value = (samples[index] as number) * fullScale + (fullScale + 0.5);
      pcm[index] = (value < 0 ? 0 : value >= 2 * fullScale ? 2 * fullScale - 1 : value | 0) - fullScale;
    }
    return new Uint8Array(pcm.buffer, 0, samples.length * Int16Array.BYTES_PER_ELEMENT);
  };
}

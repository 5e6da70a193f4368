import { dirname, resolve } from 'node:path';
import { requireDiskSpace } from '@media-jobs/cleanup';
import { speechSampleRate, type DecodedChannels } from '../arguments.ts';
import type { AudioStream } from '../media-info.ts';
import type { FfmpegDisk } from '../options.ts';
import type { SpeechChannel } from './prepare-options.ts';

/** What is decoded for a choice of channel. Of one channel there is nothing to choose. */
export function decodedChannels(channel: SpeechChannel, { channels }: AudioStream): DecodedChannels {
  if (channels === 1) return 'mix';
  return channel === 'loudest' ? 'both' : channel;
}

/** Decoded samples are staged as 32-bit floats. */
const stagedSampleBytes = 4;
const outputSampleBytes = 2;
/** What a file is taken to become when it does not say how long it is. */
const unknownFactor = 3;

/** Bytes that will be written for a stream: the staged samples and the output. More than `maxSeconds` is never written, whatever a file makes one guess. */
export function predictedBytes(stream: AudioStream, channels: DecodedChannels, inputBytes: number, maxSeconds: number): number {
  if (stream.durationSeconds === undefined) return inputBytes * unknownFactor;
  const staged = stagedSampleBytes * (channels === 'both' ? 2 : 1);
  return Math.min(stream.durationSeconds, maxSeconds) * speechSampleRate * (staged + outputSampleBytes);
}

/** Throws `DISK_FULL` when the disks of these files have no room for `bytes`, with the factor and the reserve of `disk`. */
export async function requireRoom(files: readonly string[], bytes: number, disk: FfmpegDisk): Promise<void> {
  for (const folder of new Set(files.map((file) => dirname(resolve(file))))) {
    await requireDiskSpace(folder, { bytes: Math.ceil(bytes * disk.factor), reserveBytes: disk.reserveBytes });
  }
}

/** Stays free while a file is being written: a part of the reserve, which was checked before. */
export function reserveWhileWriting({ reserveBytes }: FfmpegDisk): number {
  return Math.floor(reserveBytes / 4);
}

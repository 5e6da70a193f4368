import type { OpenWav } from '../wav/open-wav.ts';
import { sampleRate } from '../wav/wav-format.ts';
import { sampleBlocks } from './sample-blocks.ts';

/** Samples whose loudness is taken together: 20 ms, short enough for the gap between two words. */
export const frameSamples = 320;

export const framesPerSecond = sampleRate / frameSamples;

/** What digital silence counts as, in dB of full scale: about the noise of 16 bits. */
export const lowestLevel = -96;

const fullScale = 32_768 ** 2;

/** Frames of a WAV file; the last may be shorter than the others. */
export function countFrames({ format }: OpenWav): number {
  return Math.ceil(format.dataBytes / 2 / frameSamples);
}

/** The loudness (root mean square, in dB of full scale) of the frames from `from` to before `to`, read as a stream. */
export async function readLevels(wav: OpenWav, from: number, to: number, signal?: AbortSignal): Promise<Float32Array> {
  const levels = new Float32Array(to - from);
  const range = { startSample: from * frameSamples, endSample: Math.min(to * frameSamples, wav.format.dataBytes / 2) };
  let frame = 0;
  for await (const block of sampleBlocks(wav, range, { multiple: frameSamples, signal })) {
    const samples = new Int16Array(block.buffer, block.byteOffset, block.length / 2);
    for (let start = 0; start < samples.length; start += frameSamples) {
      levels[frame] = levelOf(samples, start, Math.min(start + frameSamples, samples.length));
      frame += 1;
    }
  }
  return levels;
}

function levelOf(samples: Int16Array, start: number, end: number): number {
  let sum = 0;
  for (let index = start; index < end; index += 1) {
    const sample = samples[index] ?? 0;
    sum += sample * sample;
  }
  return sum === 0 ? lowestLevel : Math.max(lowestLevel, 10 * Math.log10(sum / ((end - start) * fullScale)));
}

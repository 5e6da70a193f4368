import type { Segment } from '@media-jobs/core';
import { openWav, type OpenWav } from '../wav/open-wav.ts';

/** The times of a model are rough: sound so near counts as sound of the segment. */
const marginSeconds = 0.5;
const bytesPerSecond = 32_000;
const blockBytes = 256 * 1024;
const fullScale = 32_768;

/** Loudest sample of a stretch in dB below full scale; null where it was not measured. */
export type PeakDb = (start: number, end: number) => number | null;

/**
 * Looks at the audio under each segment, only as far as it takes to hear something: where the result is above
 * `enoughDb`, the loudest sample may be louder still. Stops and leaves the rest unmeasured when the signal aborts.
 */
export async function measurePeaks(wavFile: string, segments: readonly Pick<Segment, 'start' | 'end'>[], enoughDb: number, signal?: AbortSignal): Promise<PeakDb> {
  const peaks = new Map<string, number>();
  await using wav = await openWav(wavFile);
  for (const { start, end } of segments) {
    if (signal?.aborted === true) break;
    peaks.set(`${start} ${end}`, await peakOf(wav, start - marginSeconds, end + marginSeconds, enoughDb));
  }
  return (start, end) => peaks.get(`${start} ${end}`) ?? null;
}

async function peakOf({ handle, format }: OpenWav, start: number, end: number, enoughDb: number): Promise<number> {
  const enough = fullScale * 10 ** (enoughDb / 20);
  const at = (seconds: number): number => Math.min(format.dataBytes, 2 * Math.max(0, Math.floor((seconds * bytesPerSecond) / 2)));
  const block = Buffer.allocUnsafe(blockBytes);
  let loudest = 0;
  for (let from = at(start); from < at(end) && loudest <= enough; ) {
    const { bytesRead } = await handle.read(block, 0, Math.min(blockBytes, at(end) - from), format.dataOffset + from);
    if (bytesRead < 2) break;
    for (let offset = 0; offset + 1 < bytesRead; offset += 2) loudest = Math.max(loudest, Math.abs(block.readInt16LE(offset)));
    from += bytesRead - (bytesRead % 2);
  }
  // Half a step of the samples stands for nothing at all: a number, unlike minus infinity, survives JSON.
  return 20 * Math.log10(Math.max(loudest, 0.5) / fullScale);
}

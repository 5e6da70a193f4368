import { open } from 'node:fs/promises';
import type { ProcessControls } from '@media-jobs/process';
import { speechSampleRate } from '../../arguments.ts';
import { LoudnessHistogram, type HistogramParts } from '../../loudness/loudness-histogram.ts';
import type { LoudnessMeasurement } from '../../loudness/gain-plan.ts';
import type { MediaContext } from '../../media-context.ts';
import { wavHeader, wavHeaderBytes } from '../../wav.ts';
import { PeakCollector } from '../../waveform/peak-collector.ts';
import type { Staged } from '../stage-decoded.ts';
import type { WriteSpeechOptions, WrittenSpeech } from '../write-speech.ts';
import type { DecodeChunk } from './chunk-plan.ts';
import { decodeChunks, type ChunkedDecode } from './decode-chunks.ts';
import { runRanges } from './range-threads.ts';
import { frameRanges } from './ranges.ts';

/** Decodes in chunks and measures in threads. Undefined where the chunks do not fit together. */
export async function stageInChunks(request: ChunkedDecode, chunks: readonly DecodeChunk[], context: MediaContext, controls: ProcessControls): Promise<Staged | undefined> {
  const decoded = await decodeChunks(request, chunks, context, controls);
  if (decoded === undefined) return undefined;
  const channels = request.channels === 'both' ? 2 : 1;
  const { path } = request;
  const frames = Math.round(decoded.seconds * speechSampleRate);
  const tasks = frameRanges(frames, chunks.length).map((range) => ({ kind: 'measure' as const, path, channels, ...range }));
  const ranges = await runRanges(tasks, () => undefined, controls);
  const measured = Array.from({ length: channels }, (_, channel): LoudnessMeasurement => {
    const parts = ranges.flatMap((range) => range[channel] ?? []);
    return { lufs: integrated(parts.map(({ histogram }) => histogram)), peakDb: Math.max(...parts.map(({ peakDb }) => peakDb)), durationSeconds: decoded.seconds };
  });
  return { ...decoded, path, channels, measured };
}

/** What is written by several threads. */
export interface ParallelWrite extends Omit<WriteSpeechOptions, 'peaks'> {
  readonly staged: Staged;
  /** Columns of the picture; undefined for none. */
  readonly columns: number | undefined;
  readonly threads: number;
}

/** What was written, and its picture. */
export interface ParallelWritten extends WrittenSpeech {
  readonly peaks: PeakCollector | undefined;
}

/** Writes the result in several threads, each its own part of the file. The same samples as `writeSpeech` gives; where a limiter works, within 1e-4 of full scale. */
export async function writeInThreads(options: ParallelWrite, controls: ProcessControls): Promise<ParallelWritten> {
  const { staged, channel: pick, gainDb, limitDb, path: out, reserveBytes, columns, threads, onSeconds } = options;
  const samples = Math.round(staged.seconds * speechSampleRate);
  const tasks = frameRanges(samples, threads).map((range) => ({ kind: 'write' as const, path: staged.path, channels: staged.channels, pick, gainDb, limitDb, out, reserveBytes, columns, ...range }));
  // One handle for the header first: it empties the file of an earlier pass.
  await using file = await open(out, 'w');
  await file.write(wavHeader(speechSampleRate, samples * 2), 0, wavHeaderBytes, 0);
  const ranges = await runRanges(tasks, (frames) => onSeconds(frames / speechSampleRate), controls);
  const peaks = columns === undefined ? undefined : PeakCollector.forPart(columns, samples, 0);
  for (const range of ranges) if (range.peaks !== undefined) peaks?.addParts(range.peaks);
  const histograms = ranges.flatMap(({ histogram }) => (histogram === undefined ? [] : [histogram]));
  return { samples, bytes: wavHeaderBytes + samples * 2, lufs: limitDb === undefined ? undefined : integrated(histograms), peaks };
}

function integrated(parts: readonly HistogramParts[]): number {
  const whole = new LoudnessHistogram();
  for (const part of parts) whole.addParts(part);
  return whole.integrated();
}

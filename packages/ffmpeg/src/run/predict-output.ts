import type { FfmpegLimits } from '../options.ts';
import type { ProbedInput } from '../probe.ts';
import type { OutputFormat } from './output-formats.ts';

/** How large an output will become, and how large it may. */
export interface PredictedOutput {
  readonly bytes: number;
  readonly maxBytes: number;
}

/** What a file is taken to become when nothing says how long it is. */
const unknownFactor = 3;
/** Samples may be written as 32-bit numbers. */
const sampleBytes = 4;
/** 320 kbit/s: the most that lossy codecs of sound are set to. */
const codedBytesPerSecond = 40_000;
/** A picture of 4,096 by 4,096 points of three bytes. */
const pictureBytes = 50_331_648;

/** Predicts from length and format. Copied streams are no larger than the inputs. */
export function predictOutput({ kind }: OutputFormat, inputs: readonly ProbedInput[], { outputFactor, outputSlackBytes }: FfmpegLimits): PredictedOutput {
  const bytes = Math.ceil(kind === 'picture' ? pictureBytes : inputs.reduce((sum, input) => sum + predictFrom(input, kind), 0));
  return { bytes, maxBytes: Math.ceil(bytes * outputFactor + outputSlackBytes) };
}

function predictFrom({ bytes, info }: ProbedInput, kind: OutputFormat['kind']): number {
  const { durationSeconds: seconds, durationConfidence } = info;
  if (seconds === undefined || durationConfidence !== 'exact') return bytes * unknownFactor;
  const decoded = Math.max(0, ...info.audio.map(({ sampleRate, channels }) => sampleRate * channels * sampleBytes)) * seconds;
  if (kind === 'samples' || kind === 'raw') return decoded;
  return Math.max(codedBytesPerSecond * seconds, info.video.length > 0 ? bytes : 0);
}

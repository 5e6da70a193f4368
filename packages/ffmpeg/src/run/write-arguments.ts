import { cpuLimit, fileUrl, inputGuards } from '../arguments.ts';
import { allowedDecoders } from '../formats.ts';

/** An input as ffmpeg is told of it. */
export interface WriteInput {
  /** Absolute. */
  readonly path: string;
  /** Largest single allocation for it. */
  readonly maxAllocBytes: number;
  /** Options that stand before it. */
  readonly args: readonly string[];
  /** Decoders that may be opened besides those of audio. */
  readonly decoders: readonly string[];
}

/** An output as ffmpeg is told of it. */
export interface WriteArgumentsOutput {
  /** The file to write, absolute. */
  readonly part: string;
  readonly args: readonly string[];
  readonly muxer: string;
  readonly maxBytes: number;
  readonly maxSeconds: number;
}

/** What `writeArguments` needs. */
export interface WriteArguments {
  readonly inputs: readonly WriteInput[];
  readonly outputs: readonly WriteArgumentsOutput[];
  /** Options for the whole, such as a filter graph with several inputs. */
  readonly args: readonly string[];
  /** Processor time after which ffmpeg ends itself, also when nobody watches any more. */
  readonly cpuSeconds: number;
  readonly threads: number;
}

/** ffmpeg's own limits lie this far behind ours, which name what happened: its matter only when nobody watches. */
const [marginBytes, marginSeconds] = [1_048_576, 1];

/** Arguments for ffmpeg: the caller's, with guards around each input and each output. Progress comes on the standard output. */
export function writeArguments({ inputs, outputs, args, cpuSeconds, threads }: WriteArguments): readonly string[] {
  const bounded = ['-threads', String(threads)];
  return [
    '-hide_banner', '-nostdin', '-nostats', '-v', 'error', '-y', '-progress', 'pipe:1',
    ...cpuLimit(cpuSeconds),
    ...inputs.flatMap((input) => [...inputGuards(input.maxAllocBytes), '-codec_whitelist', [...allowedDecoders, ...input.decoders].join(','), ...bounded, ...input.args, '-i', fileUrl(input.path)]),
    ...args,
    ...outputs.flatMap((output) => [
      // What the caller says of threads and length stands behind, and counts; size and format are not the caller's.
      ...bounded, '-t', String(Math.ceil(output.maxSeconds + marginSeconds)), ...output.args,
      '-fs', String(Math.ceil(output.maxBytes + marginBytes)), '-f', output.muxer, fileUrl(output.part),
    ]),
  ];
}

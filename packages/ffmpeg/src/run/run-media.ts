import { resolve } from 'node:path';
import type { ProcessControls } from '@media-jobs/process';
import { requireEnding } from '../ending/require-ending.ts';
import type { MediaContext } from '../media-context.ts';
import { invalidOption, requirePath, requireWhole } from '../option-checks.ts';
import { probeFile, type ProbedInput } from '../probe.ts';
import { createProgressReporter, type FfmpegProgress } from '../progress.ts';
import { timeLimit, type TimeLimitOptions } from '../time-limit.ts';
import { checkArguments } from './argument-rules.ts';
import { outputFormat } from './output-formats.ts';
import { predictOutput } from './predict-output.ts';
import { writeMedia, type WriteOutput } from './write-media.ts';

/** An input of `run`. */
export interface RunInput {
  readonly file: string;
  /** Options of ffmpeg that stand before it, such as `['-ss', '10']`. */
  readonly args?: readonly string[];
  /** Decoders that may be opened besides those of audio, such as `['h264']`. Copying a stream needs none. */
  readonly decoders?: readonly string[];
}

/** An output of `run`. */
export interface RunOutput {
  readonly file: string;
  /** Options of ffmpeg that stand before it, such as `['-c:a', 'libopus']`. */
  readonly args?: readonly string[];
  /** ffmpeg's name of the format. Default: by the end of the name. */
  readonly format?: string;
  /** More than this is not written: `OUTPUT_LIMIT`. Default: predicted from length and format, with the factor and slack of the limits. */
  readonly maxBytes?: number;
  /** Less than this, by more than 1 s and 2 %, is `TRUNCATED`. Default: any length but none. */
  readonly expectedSeconds?: number;
}

/** What `run` is to do. */
export interface RunRequest {
  readonly inputs: readonly (string | RunInput)[];
  readonly outputs: readonly RunOutput[];
  /** Options for the whole, such as `['-filter_complex', '[0:a][1:a]amix']`. */
  readonly args?: readonly string[];
  /** Whether existing files may be replaced. Default false: `OUTPUT_EXISTS`. */
  readonly overwrite?: boolean;
}

/** Controls of `run`. */
export interface RunControls extends ProcessControls, TimeLimitOptions {
  readonly onProgress?: (progress: FfmpegProgress) => void;
  /** Told of the time limit as soon as it is known. */
  readonly onTimeLimit?: (timeoutMs: number) => void;
}

/** What `run` has written. */
export interface RunResult {
  /** In the order of the request. `durationSeconds` is what the container states. */
  readonly outputs: readonly { readonly path: string; readonly bytes: number; readonly durationSeconds?: number }[];
  /** Seconds of output. */
  readonly seconds: number;
  /** What a reader should know, as sentences. */
  readonly warnings: readonly string[];
}

/** Implements `Ffmpeg.run`. */
export async function runMedia(request: RunRequest, controls: RunControls, context: MediaContext): Promise<RunResult> {
  const { limits, clock, logger } = context.options;
  const { inputs, args, overwrite } = checkRequest(request);
  const progress = createProgressReporter(clock, controls.onProgress);
  progress.report('probe', 0, undefined);
  const probed: ProbedInput[] = [];
  for (const { file } of inputs) probed.push(await probeFile(file, context, controls, false));
  for (const input of probed) requireEnding(input, context.options.acceptTruncated);
  const durationSeconds = longest(probed);
  const limit = timeLimit({ bytes: probed.reduce((sum, { bytes }) => sum + bytes, 0), durationSeconds }, limits, controls);
  (controls.logger ?? logger).info({ ...limit, durationSeconds }, 'Time limit of a run');
  controls.onTimeLimit?.(limit.timeoutMs);
  const outputs = request.outputs.map((output) => planOutput(output, probed, context));
  const given = probed.map(({ path, maxAllocBytes }, index) => ({ path, maxAllocBytes, args: inputs[index]?.args ?? [], decoders: inputs[index]?.decoders ?? [] }));
  const onSeconds = (seconds: number): void => progress.report('decode', seconds, durationSeconds);
  const written = await writeMedia({ inputs: given, outputs, args, overwrite, timeoutMs: limit.timeoutMs, onSeconds }, context, controls);
  progress.done(written.seconds);
  return Object.freeze({ ...written, warnings: [...probed.flatMap(({ info }) => info.warnings), ...written.warnings] });
}

function checkRequest({ inputs, outputs, args = [], overwrite = false }: RunRequest): { readonly inputs: readonly RunInput[]; readonly args: readonly string[]; readonly overwrite: boolean } {
  if (!Array.isArray(inputs) || inputs.length === 0) throw invalidOption('inputs', 'at least one file', inputs);
  if (!Array.isArray(outputs) || outputs.length === 0) throw invalidOption('outputs', 'at least one file', outputs);
  const whole = inputs.map((input) => (typeof input === 'string' ? { file: input } : input));
  for (const { file, args: own = [], decoders = [] } of whole) {
    requirePath('inputs.file', file);
    checkArguments('inputs.args', own);
    const odd = decoders.find((name: string) => !/^[a-z0-9_-]{1,32}$/.test(name));
    if (odd !== undefined) throw invalidOption('inputs.decoders', 'names of decoders', odd);
  }
  checkArguments('args', args);
  for (const { file, args: own = [], format, maxBytes } of outputs) {
    requirePath('outputs.file', file);
    outputFormat(file, format);
    checkArguments('outputs.args', own);
    if (maxBytes !== undefined) requireWhole('outputs.maxBytes', maxBytes, 1);
  }
  if (new Set(outputs.map(({ file }) => resolve(file))).size < outputs.length) throw invalidOption('outputs', 'different files', outputs.map(({ file }) => file));
  if (typeof overwrite !== 'boolean') throw invalidOption('overwrite', 'true or false', overwrite);
  return { inputs: whole, args, overwrite };
}

function planOutput({ file, args = [], format: asked, maxBytes, expectedSeconds }: RunOutput, probed: readonly ProbedInput[], { options }: MediaContext): WriteOutput {
  const format = outputFormat(file, asked);
  const predicted = predictOutput(format, probed, options.limits);
  return { target: resolve(file), args, format, expectedSeconds, predictedBytes: Math.min(predicted.bytes, maxBytes ?? Infinity), maxBytes: maxBytes ?? predicted.maxBytes };
}

/** Of several inputs the longest; undefined when none says. */
function longest(probed: readonly ProbedInput[]): number | undefined {
  const known = probed.map(({ info }) => info.durationSeconds ?? 0);
  const most = Math.max(...known);
  return most === 0 ? undefined : most;
}

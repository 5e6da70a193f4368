import { resolve } from 'node:path';
import { openMedia, type MediaContext, type OpenedMedia } from '../media-context.ts';
import type { AudioStream } from '../media-info.ts';
import { requirePath, requireWhole } from '../option-checks.ts';
import { createProgressReporter, type ProgressReporter } from '../progress.ts';
import { outputFormat, type OutputFormat } from '../run/output-formats.ts';
import { writeMedia, type Written } from '../run/write-media.ts';
import type { OutputOptions } from '../speech/prepare-options.ts';
import { encodingOf, fittingSound, type Encoding, type EncodingRequest } from './audio-codecs.ts';

/** Options of every call that writes sound into a container of the caller's choice, which the end of the name says. */
export interface ConvertOptions extends OutputOptions, EncodingRequest {
  /** Default: as many as the input has, as far as the codec holds them. */
  readonly channels?: number;
}

/** Sound that was written. */
export interface ConvertedAudio {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly durationSeconds: number;
  /** What a reader should know, as sentences. */
  readonly warnings: readonly string[];
}

/** One call under way. */
export interface Conversion {
  readonly media: OpenedMedia;
  readonly target: string;
  readonly encoding: Encoding;
  readonly format: OutputFormat;
  readonly options: ConvertOptions;
  readonly context: MediaContext;
  readonly progress: ProgressReporter;
}

/** What a filter chain needs to know of the sound that it is given. */
export interface Sound {
  readonly sampleRate: number;
  readonly channels: number;
}

/** Checks the options and the input. Writes nothing. */
export async function openConversion(file: string, outFile: string, options: ConvertOptions, context: MediaContext): Promise<Conversion> {
  requirePath('outFile', outFile);
  const { channels, overwrite = false } = options;
  if (channels !== undefined) requireWhole('channels', channels, 1, 8);
  const target = resolve(outFile);
  const encoding = encodingOf(target, options);
  const progress = createProgressReporter(context.options.clock, options.onProgress);
  progress.report('probe', 0, undefined);
  const media = await openMedia(file, { ...options, targets: [target], overwrite }, context);
  return { media, target, encoding, format: outputFormat(target, undefined), options, context, progress };
}

/** What comes out of a conversion unless a filter changes it. */
export function soundOf({ media: { stream }, options, encoding }: Conversion): Sound {
  return fittingSound(encoding.codec, options.sampleRate ?? stream.sampleRate, options.channels ?? stream.channels);
}

/** Gaps in the timestamps and a late start become silence, so that a second of the result is the same second of the input. */
export const keepTimeLine = 'aresample=async=1:first_pts=0';

/** Encodes the stream through `filters` into the target: verified, whole or not at all. */
export async function encode(conversion: Conversion, filters: readonly string[]): Promise<ConvertedAudio> {
  const { encoding } = conversion;
  const { sampleRate, channels } = soundOf(conversion);
  const args = ['-af', [keepTimeLine, ...filters, `aresample=${sampleRate}`].join(','), '-ac', String(channels), ...encoding.args];
  return finish(conversion, await write(conversion, args, conversion.media.stream.durationSeconds, { sampleRate, channels }));
}

/** Takes the stream over as it is, without coding it again. */
export async function copy(conversion: Conversion): Promise<ConvertedAudio> {
  const { stream } = conversion.media;
  const seconds = stream.durationSeconds === undefined ? undefined : stream.durationSeconds - stream.startSeconds;
  return finish(conversion, await write(conversion, ['-c:a', 'copy'], seconds, stream));
}

async function write({ media, target, format, options, context, progress }: Conversion, args: readonly string[], seconds: number | undefined, sound: Sound): Promise<Written> {
  const { path, bytes, stream, timeoutMs, maxAllocBytes } = media;
  const { limits } = context.options;
  const predicted = Math.ceil(predictBytes(stream, bytes, format, sound));
  const output = {
    target,
    args: ['-map', `0:a:${stream.index}`, '-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact', ...args],
    format,
    predictedBytes: predicted,
    maxBytes: Math.ceil(predicted * limits.outputFactor + limits.outputSlackBytes),
    expectedSeconds: stream.durationConfidence === 'exact' ? seconds : undefined,
  };
  const onSeconds = (done: number): void => progress.report('decode', done, stream.durationSeconds);
  return writeMedia({ inputs: [{ path, maxAllocBytes, args: [], decoders: [] }], outputs: [output], args: [], timeoutMs, overwrite: options.overwrite ?? false, onSeconds }, context, options);
}

const sampleBytes = 4;
/** The largest bit rate of the lossy codecs, in bytes. */
const codedBytesPerSecond = 64_000;
/** What a file is taken to become when it does not say how long it is. */
const unknownFactor = 3;

function predictBytes({ durationSeconds, durationConfidence }: AudioStream, bytes: number, { kind }: OutputFormat, { sampleRate, channels }: Sound): number {
  if (durationSeconds === undefined || durationConfidence !== 'exact') return bytes * unknownFactor;
  return durationSeconds * (kind === 'samples' ? sampleRate * channels * sampleBytes : codedBytesPerSecond);
}

function finish({ media, progress }: Conversion, { outputs, seconds, warnings }: Written): ConvertedAudio {
  const [output] = outputs;
  if (output === undefined) throw new RangeError('Expected one output, got none.');
  progress.done(output.durationSeconds ?? seconds);
  return Object.freeze({ path: output.path, bytes: output.bytes, durationSeconds: output.durationSeconds ?? seconds, warnings: [...media.info.warnings, ...warnings] });
}

import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { cpuLimit, cpuSecondsFor, fileUrl, inputGuards } from '../arguments.ts';
import { decodeFailure, withoutWhitelistLines } from '../decode-failure.ts';
import { allowedDecoders } from '../formats.ts';
import { runGuarded } from '../guarded-program.ts';
import type { InputOptions } from '../input/media-input.ts';
import type { MediaContext } from '../media-context.ts';
import type { AudioStream } from '../media-info.ts';
import { invalidOption } from '../option-checks.ts';
import { probeFile, tooLong, type ProbedInput } from '../probe.ts';
import { createProgressReporter, type FfmpegProgress } from '../progress.ts';
import { timeLimit, type TimeLimitOptions } from '../time-limit.ts';
import { findFaults, findRemarks, findUntold } from './find-faults.ts';
import { createFrameWatch, type FrameWatch } from './frame-watch.ts';
import type { ValidatedStream, ValidationReport } from './validation-report.ts';

/** Options of `validate`. */
export interface ValidateOptions extends InputOptions, TimeLimitOptions {
  /** Whether all sound is decoded. Without it only the head, and whether the end is there, are looked at. Default true. */
  readonly decode?: boolean;
  /** Told of the time limit of decoding as soon as it is known. */
  readonly onTimeLimit?: (timeoutMs: number) => void;
  readonly onProgress?: (progress: FfmpegProgress) => void;
}

/** More audio streams than this are no film; the others are said to be untold. */
const mostStreams = 32;
/** ffmpeg's own limits lie this far behind ours: they only matter when nobody watches. */
const marginSeconds = 1;

/**
 * Implements `Ffmpeg.validate`. Throws what `probe` throws, for files of which nothing can be told, and `TOO_LONG`, `STALLED`,
 * `TIMEOUT`, `PROGRAM_*`, `ABORTED`; whatever else is broken stands in the report.
 */
export async function validate(file: string, options: ValidateOptions, context: MediaContext): Promise<ValidationReport> {
  const { decode = true } = options;
  if (typeof decode !== 'boolean') throw invalidOption('decode', 'true or false', decode);
  const { limits, logger, clock } = context.options;
  const progress = createProgressReporter(clock, options.onProgress);
  progress.report('probe', 0, undefined);
  const input = await probeFile(file, context, options);
  const { info } = input;
  const limit = timeLimit({ bytes: input.bytes, durationSeconds: info.durationSeconds }, limits, options);
  (options.logger ?? logger).info({ ...limit, bytes: input.bytes, durationSeconds: info.durationSeconds }, 'Time limit of a validation');
  options.onTimeLimit?.(limit.timeoutMs);
  const onSeconds = (seconds: number): void => progress.report('decode', seconds, info.durationSeconds);
  const decoded = decode ? await decodeAll({ input, timeoutMs: limit.timeoutMs, onSeconds }, context, options) : { streams: [], complaints: [] };
  const findings = { info, ...decoded };
  const faults = findFaults(findings);
  progress.done(info.durationSeconds ?? 0);
  return Object.freeze({ ok: faults.length === 0, info, streams: decoded.streams, faults, warnings: findRemarks(findings), untold: decode ? findUntold(findings) : ['Whether its sound can be decoded: it was not tried.'] });
}

interface Decoding {
  readonly input: ProbedInput;
  readonly timeoutMs: number;
  readonly onSeconds: (seconds: number) => void;
}

interface DecodedAll {
  readonly streams: readonly ValidatedStream[];
  readonly complaints: readonly string[];
}

async function decodeAll({ input, timeoutMs, onSeconds }: Decoding, context: MediaContext, controls: ProcessControls): Promise<DecodedAll> {
  const { limits } = context.options;
  const { path, info } = input;
  const streams = info.audio.slice(0, mostStreams);
  const { path: command } = await context.programs.find('ffmpeg', controls);
  const watch = createFrameWatch();
  const onStdoutLine = (line: string, sign: () => void): void => {
    if (!watch.take(line)) return;
    sign();
    if (watch.furthestSeconds > limits.maxDurationSeconds) throw tooLong(path, limits.maxDurationSeconds, 'more');
    onSeconds(watch.furthestSeconds);
  };
  const stall = { timeoutMs: limits.stallMs, firstTimeoutMs: Math.max(limits.stallMs, limits.openTimeoutMs) };
  const args = validateArguments(input, streams, timeoutMs, context);
  const said = await runGuarded({ command, args, timeoutMs, stall, onStdoutLine }, context, controls).then(
    ({ stderrTail }) => stderrTail,
    (error: unknown) => complaintOf(error, path, streams, watch),
  );
  return { streams: streams.map((stream, output) => validated(stream, output, watch)), complaints: withoutWhitelistLines(said).split('\n').filter((line) => line.trim() !== '') };
}

/** Every stream to lines that tell of each frame when it was, how long, and nothing else. Checksums of frames are compared on the way. */
function validateArguments({ path, maxAllocBytes }: ProbedInput, streams: readonly AudioStream[], timeoutMs: number, { options }: MediaContext): readonly string[] {
  const { limits, threads } = options;
  return [
    '-hide_banner', '-nostdin', '-nostats', '-v', 'error', '-y', '-max_error_rate', '1',
    ...cpuLimit(cpuSecondsFor(timeoutMs, threads)),
    ...inputGuards(maxAllocBytes), '-codec_whitelist', allowedDecoders.join(','), '-threads', String(threads), '-err_detect', 'crccheck', '-i', fileUrl(path),
    ...streams.flatMap(({ index }) => ['-map', `0:a:${index}`]), '-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1',
    '-t', String(Math.ceil(limits.maxDurationSeconds + marginSeconds)), '-c:a', 'pcm_s16le', '-f', 'framecrc', 'pipe:1',
  ];
}

/** What ffmpeg gave up on, when it is the file's fault; everything else is thrown. */
function complaintOf(error: unknown, path: string, streams: readonly AudioStream[], watch: FrameWatch): string {
  const failures = streams.map(({ codec }) => decodeFailure(error, { path, codec, seconds: watch.furthestSeconds }));
  const failure = failures.find((one) => MediaJobError.isInstance(one) && one.code === 'UNSUPPORTED_FORMAT') ?? failures[0];
  if (!MediaJobError.isInstance(failure) || failure.code !== 'CORRUPT') throw failure ?? error;
  const said = failure.facts['stderrTail'];
  return typeof said === 'string' && said !== '' ? said : failure.message;
}

function validated({ index, codec, durationSeconds, durationConfidence }: AudioStream, output: number, watch: FrameWatch): ValidatedStream {
  return { index, codec, ...watch.seen(output), ...(durationSeconds !== undefined && durationConfidence === 'exact' ? { declaredSeconds: durationSeconds } : {}) };
}

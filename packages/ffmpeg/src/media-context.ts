import type { ProcessControls } from '@media-jobs/process';
import type { LocatedProgram } from './binaries/locate.ts';
import type { Programs } from './binaries/programs.ts';
import { defaultAudioStream } from './describe-media.ts';
import { requireEnding } from './ending/require-ending.ts';
import type { ProgramContext } from './guarded-program.ts';
import type { AudioStream } from './media-info.ts';
import { invalidOption } from './option-checks.ts';
import { checkTargets } from './output-files.ts';
import { probeFile, requireLength, type ProbedInput } from './probe.ts';
import { timeLimit, type TimeLimitOptions } from './time-limit.ts';

/** What all calls of one instance share. */
export interface MediaContext extends ProgramContext {
  readonly programs: Programs;
}

/** What is asked of an input before it is decoded. */
export interface OpenRequest extends ProcessControls, TimeLimitOptions {
  readonly stream?: number | undefined;
  /** Files that will be written. */
  readonly targets: readonly string[];
  readonly overwrite: boolean;
  readonly onTimeLimit?: (timeoutMs: number) => void;
}

/** An input that was probed, and all that decoding it needs. */
export interface OpenedMedia extends ProbedInput {
  readonly stream: AudioStream;
  readonly timeoutMs: number;
  readonly ffmpeg: LocatedProgram;
}

/** Probes an input, looks at the targets, chooses the stream and computes the time limit. Writes nothing. */
export async function openMedia(file: string, request: OpenRequest, context: MediaContext): Promise<OpenedMedia> {
  const { limits, logger } = context.options;
  const input = await probeFile(file, context, request);
  await checkTargets(input.path, request.targets, request.overwrite);
  requireEnding(input, context.options.acceptTruncated);
  const stream = chooseStream(input, request.stream, limits.maxDurationSeconds);
  const limit = timeLimit({ bytes: input.bytes, durationSeconds: stream.durationSeconds }, limits, request);
  (request.logger ?? logger).info({ ...limit, bytes: input.bytes, durationSeconds: stream.durationSeconds }, 'Time limit of decoding');
  request.onTimeLimit?.(limit.timeoutMs);
  const ffmpeg = await context.programs.find('ffmpeg', request);
  return { ...input, stream, timeoutMs: limit.timeoutMs, ffmpeg };
}

/** The stream with this number among the audio streams, or the one that players take. Throws `INVALID_OPTION`, `TOO_LONG`. */
function chooseStream({ path, info }: ProbedInput, index: number | undefined, maxSeconds: number): AudioStream {
  const stream = index === undefined ? defaultAudioStream(info) : info.audio.find((candidate) => candidate.index === index);
  if (stream === undefined) throw invalidOption('stream', `the number of an audio stream of the file (${info.audio.map((candidate) => candidate.index).join(', ')})`, index);
  requireLength(path, stream, maxSeconds);
  return stream;
}

import { open } from 'node:fs/promises';
import { checkInputFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from './call-controls.ts';
import { askProbe } from './ask-probe.ts';
import { defaultAudioStream, describeMedia } from './describe-media.ts';
import { examineEnding } from './ending/examine-ending.ts';
import { endingOfUnreadable, truncated } from './ending/require-ending.ts';
import { allocationLimit } from './formats.ts';
import type { MediaContext } from './media-context.ts';
import type { AudioStream, MediaInfo } from './media-info.ts';
import { requirePath } from './option-checks.ts';
import { probeFailure } from './probe-failure.ts';
import { readWavFacts } from './wav.ts';

/** A file that was looked at and may be worked on. */
export interface ProbedInput {
  /** Absolute, with all links resolved. */
  readonly path: string;
  readonly bytes: number;
  readonly info: MediaInfo;
  /** Largest single allocation of ffmpeg for this file. */
  readonly maxAllocBytes: number;
}

/** Some writers promise a few samples too many. */
const roundingSeconds = 0.1;

/**
 * Looks at a file: first at its bytes, then with ffprobe. Throws `INPUT_*`, `UNSUPPORTED_FORMAT`, `CORRUPT`, `NO_AUDIO`,
 * `BAD_STREAM`, `TOO_LONG`, `PROBE_TIMEOUT` and `PROGRAM_NOT_FOUND`. A file without sound is let through where none is needed.
 */
export async function probeFile(file: string, context: MediaContext, controls: ProcessControls, needsAudio = true): Promise<ProbedInput> {
  const { limits } = context.options;
  requirePath('file', file);
  const { path, bytes } = await checkInputFile(file, limits.maxInputBytes === undefined ? {} : { maxBytes: limits.maxInputBytes });
  throwIfAborted(controls);
  const { answer, stderr } = await askProbe(path, context, controls);
  if (answer === undefined || answer.error !== undefined) throw await unreadable(path, probeFailure(path, stderr));
  const ending = await examineEnding(path, answer.format?.format_name ?? '');
  const promisedSeconds = answer.format?.format_name === 'wav' ? await promisedWavSeconds(path, bytes) : undefined;
  const info = describeMedia(answer, { path, bytes, stderr, needsAudio, ending, ...(promisedSeconds === undefined ? {} : { promisedSeconds }) });
  requireLength(path, info.audio.length === 0 ? info : defaultAudioStream(info), limits.maxDurationSeconds);
  return { path, bytes, info, maxAllocBytes: allocationLimit(info.format, limits.maxAllocBytes) };
}

/** A file that lost its end may have lost its index with it: that is worth more than what ffprobe says. */
async function unreadable(path: string, failure: MediaJobError): Promise<MediaJobError> {
  if (failure.code !== 'CORRUPT') return failure;
  const ending = await endingOfUnreadable(path);
  return ending === undefined ? failure : truncated(path, ending, failure);
}

/** Throws `TOO_LONG` when a stream states more than `maxSeconds`. A guess is not enough. */
export function requireLength(path: string, stream: Pick<AudioStream, 'durationSeconds' | 'durationConfidence'>, maxSeconds: number): void {
  const { durationSeconds = 0, durationConfidence } = stream;
  if (durationConfidence !== 'exact' || durationSeconds <= maxSeconds) return;
  throw tooLong(path, maxSeconds, `${durationSeconds} s`);
}

/** A `TOO_LONG` for `path`. */
export function tooLong(path: string, maxSeconds: number, got: string): MediaJobError {
  return new MediaJobError('TOO_LONG', {
    message: `Expected ${JSON.stringify(path)} to hold at most ${maxSeconds} s of audio, got ${got}.`,
    advice: 'Cut the file into parts, or raise `limits.maxDurationSeconds`.',
    facts: { path, maxDurationSeconds: maxSeconds },
  });
}

/** Seconds that a WAV header promises when the file ends before them. ffprobe itself tells only what is there. */
async function promisedWavSeconds(path: string, bytes: number): Promise<number | undefined> {
  await using file = await open(path, 'r');
  const facts = await readWavFacts(file);
  if (facts?.declaredBytes === undefined || facts.bytesPerSecond === 0) return undefined;
  const missingSeconds = (facts.dataOffset + facts.declaredBytes - bytes) / facts.bytesPerSecond;
  return missingSeconds > roundingSeconds ? facts.declaredBytes / facts.bytesPerSecond : undefined;
}

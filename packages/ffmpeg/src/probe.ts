import { open } from 'node:fs/promises';
import { checkInputFile } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from './call-controls.ts';
import { probeArguments } from './arguments.ts';
import { defaultAudioStream, describeMedia } from './describe-media.ts';
import { runGuarded } from './guarded-program.ts';
import type { MediaContext } from './media-context.ts';
import type { AudioStream, MediaInfo } from './media-info.ts';
import { requirePath } from './option-checks.ts';
import { parseProbeAnswer } from './probe-answer.ts';
import { corrupt, probeFailure } from './probe-failure.ts';
import { readWavFacts } from './wav.ts';

/** A file that was looked at and may be worked on. */
export interface ProbedInput {
  /** Absolute, with all links resolved. */
  readonly path: string;
  readonly bytes: number;
  readonly info: MediaInfo;
}

/** Some writers promise a few samples too many. */
const roundingSeconds = 0.1;
/** Six hundred streams make less than one MiB; more than this is an attack. */
const mostAnswerBytes = 4_194_304;

/**
 * Looks at a file: first at its bytes, then with ffprobe. Throws `INPUT_*`, `UNSUPPORTED_FORMAT`, `CORRUPT`, `NO_AUDIO`,
 * `BAD_STREAM`, `TOO_LONG`, `PROBE_TIMEOUT` and `PROGRAM_NOT_FOUND`.
 */
export async function probeFile(file: string, context: MediaContext, controls: ProcessControls): Promise<ProbedInput> {
  const { limits } = context.options;
  requirePath('file', file);
  const { path, bytes } = await checkInputFile(file, limits.maxInputBytes === undefined ? {} : { maxBytes: limits.maxInputBytes });
  throwIfAborted(controls);
  const { text, stderr } = await askProbe(path, context, controls);
  const answer = parseProbeAnswer(text);
  if (answer === undefined || answer.error !== undefined) throw probeFailure(path, stderr);
  const promisedSeconds = answer.format?.format_name === 'wav' ? await promisedWavSeconds(path, bytes) : undefined;
  const info = describeMedia(answer, { path, bytes, stderr, ...(promisedSeconds === undefined ? {} : { promisedSeconds }) });
  requireLength(path, defaultAudioStream(info), limits.maxDurationSeconds);
  return { path, bytes, info };
}

/** Throws `TOO_LONG` when a stream states more than `maxSeconds`. A guess is not enough. */
export function requireLength(path: string, stream: AudioStream, maxSeconds: number): void {
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

interface ProbeOutput {
  readonly text: string;
  readonly stderr: string;
}

async function askProbe(path: string, context: MediaContext, controls: ProcessControls): Promise<ProbeOutput> {
  const { limits } = context.options;
  const { path: command } = await context.programs.find('ffprobe', controls);
  const chunks: Uint8Array[] = [];
  let received = 0;
  const collect = (chunk: Uint8Array): void => {
    received += chunk.length;
    if (received > mostAnswerBytes) throw corrupt(path, `ffprobe describes it with more than ${mostAnswerBytes} bytes`);
    chunks.push(chunk);
  };
  const args = probeArguments({ file: path, maxAllocBytes: limits.maxAllocBytes });
  try {
    // Exit code 1 comes with an answer that says why.
    const { stderrTail } = await runGuarded({ command, args, timeoutMs: limits.probeTimeoutMs, acceptExitCodes: [0, 1], onStdout: collect }, context, controls);
    return { text: Buffer.concat(chunks).toString('utf8'), stderr: stderrTail };
  } catch (error) {
    throw MediaJobError.isInstance(error) && error.code === 'TIMEOUT' ? probeTimeout(path, limits.probeTimeoutMs, error) : error;
  }
}

function probeTimeout(path: string, timeoutMs: number, cause: MediaJobError): MediaJobError {
  return new MediaJobError('PROBE_TIMEOUT', {
    message: `Expected ffprobe to describe ${JSON.stringify(path)} within ${timeoutMs} ms, but it was still reading: the file may be corrupt.`,
    advice: 'Fetch the file again; on a very slow disk, raise `limits.probeTimeoutMs`.',
    facts: { ...cause.facts, path },
    cause,
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

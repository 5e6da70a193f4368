import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { cpuSecondsFor, decodeArguments, speechSampleRate, type DecodedChannels, type Denoise } from './arguments.ts';
import { decodeFailure, withoutWhitelistLines } from './decode-failure.ts';
import { runGuarded, type ProgramContext } from './guarded-program.ts';
import type { AudioStream } from './media-info.ts';
import type { ResolvedFfmpegOptions } from './options.ts';
import { tooLong } from './probe.ts';
import { SampleReader } from './sample-reader.ts';

/** One audio stream to be decoded. */
export interface DecodeRequest {
  /** Absolute. */
  readonly path: string;
  readonly stream: AudioStream;
  readonly maxAllocBytes: number;
  readonly channels: DecodedChannels;
  readonly highpassHz: number | undefined;
  readonly denoise?: Denoise;
  /** A part of the stream instead of the whole. Its length is the caller's to check. */
  readonly part?: { readonly fromSeconds: number | undefined; readonly seconds: number | undefined };
  readonly timeoutMs: number;
  /** Takes the samples as they come, after the silence before the stream starts, at 16 kHz, interleaved where `channels` is `both`. Decoding waits for it. */
  readonly onSamples: (samples: Float32Array) => void | Promise<void>;
}

/** What came out of the decoder. */
export interface Decoded {
  readonly seconds: number;
  /** What ffmpeg complained about although it went on. */
  readonly warnings: readonly string[];
}

const bytesPerSample = 4;
/** ffmpeg's own limits lie this far behind ours: they only matter when nobody watches. */
const marginSeconds = 1;

/**
 * Decodes one audio stream in a guarded ffmpeg. Throws `CORRUPT`, `UNSUPPORTED_FORMAT`, `TOO_LONG`, `OUTPUT_LIMIT`,
 * `EMPTY_OUTPUT`, `TRUNCATED`, `STALLED`, `TIMEOUT`, `PROGRAM_*`, `ABORTED`, and whatever `onSamples` throws.
 */
export async function decode(request: DecodeRequest, ffmpeg: string, context: ProgramContext, controls: ProcessControls): Promise<Decoded> {
  const { options } = context;
  const { limits } = options;
  const { path, stream, onSamples, timeoutMs } = request;
  const frameBytes = (request.channels === 'both' ? 2 : 1) * bytesPerSample;
  const most = longestOutput(stream, options);
  const reader = new SampleReader(frameBytes / bytesPerSample);
  let bytes = 0;
  const seconds = (): number => Math.floor(bytes / frameBytes) / speechSampleRate;
  const take = async (chunk: Uint8Array): Promise<void> => {
    bytes += chunk.length;
    if (seconds() > most.seconds) throw outOfBounds(path, most, limits.maxDurationSeconds);
    await onSamples(finite(reader.read(chunk), path));
  };
  const onStdout = (chunk: Uint8Array, sign: () => void): Promise<void> => {
    sign();
    return take(chunk);
  };
  const { part } = request;
  const args = argumentsFor(request, options, part?.seconds ?? most.seconds, frameBytes);
  const stall = { timeoutMs: limits.stallMs, firstTimeoutMs: limits.openTimeoutMs };
  try {
    if (part?.fromSeconds === undefined) for (const silence of silentPieces(startFrames(stream) * frameBytes)) await take(silence);
    const { stderrTail } = await runGuarded({ command: ffmpeg, args, timeoutMs, stall, onStdout }, context, controls);
    if (part !== undefined) return { seconds: seconds(), warnings: complaints(stderrTail) };
    requireSound(path, stream, seconds(), stderrTail);
    const short = shortfall(path, stream, seconds());
    if (short !== undefined && !options.acceptTruncated) throw short;
    return { seconds: seconds(), warnings: [...complaints(stderrTail), ...(short === undefined ? [] : [short.message])] };
  } catch (error) {
    throw decodeFailure(error, { path, codec: stream.codec, seconds: seconds() });
  }
}

/** Samples of silence before a stream starts. */
export function startFrames({ startSeconds }: AudioStream): number {
  return Math.round(startSeconds * speechSampleRate);
}

const pieceBytes = 65_536;

/** So many zero bytes, in pieces. What ffmpeg makes of a late start depends on which other streams it can read, so it is made here. */
function* silentPieces(bytes: number): Generator<Uint8Array> {
  for (let rest = bytes; rest > 0; rest -= pieceBytes) yield new Uint8Array(Math.min(rest, pieceBytes));
}

function argumentsFor({ path, stream, maxAllocBytes, channels, highpassHz, denoise = 'off', part, timeoutMs }: DecodeRequest, { threads }: ResolvedFfmpegOptions, mostSeconds: number, frameBytes: number): readonly string[] {
  const maxSeconds = Math.ceil(mostSeconds + marginSeconds);
  return decodeArguments({
    file: path,
    stream: stream.index,
    channels,
    highpassHz,
    denoise,
    fromSeconds: part?.fromSeconds,
    threads,
    maxAllocBytes,
    maxSeconds,
    maxOutputBytes: (maxSeconds + marginSeconds) * speechSampleRate * frameBytes,
    cpuSeconds: cpuSecondsFor(timeoutMs, threads),
  });
}

interface LongestOutput {
  readonly seconds: number;
  readonly from: 'declared' | 'limit';
}

/** More than this is not taken: the limit, or what the file states with a factor and some slack. */
function longestOutput({ durationSeconds, durationConfidence }: AudioStream, { limits }: ResolvedFfmpegOptions): LongestOutput {
  if (durationSeconds === undefined || durationConfidence !== 'exact') return { seconds: limits.maxDurationSeconds, from: 'limit' };
  const declared = durationSeconds * limits.outputFactor + limits.outputSlackBytes / bytesPerSample / speechSampleRate;
  return declared < limits.maxDurationSeconds ? { seconds: declared, from: 'declared' } : { seconds: limits.maxDurationSeconds, from: 'limit' };
}

function outOfBounds(path: string, { seconds, from }: LongestOutput, maxSeconds: number): MediaJobError {
  if (from === 'limit') return tooLong(path, maxSeconds, 'more');
  return new MediaJobError('OUTPUT_LIMIT', {
    message: `Expected ${JSON.stringify(path)} to give at most ${seconds.toFixed(0)} s of audio by what it declares, got more.`,
    advice: 'The file lies about its length; look at it before you raise `limits.outputFactor`.',
    facts: { path, seconds },
  });
}

/** Float input can hold what is no number, and one such sample spoils every filter behind it. */
function finite(samples: Float32Array, path: string): Float32Array {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += samples[index] as number;
  if (Number.isFinite(sum)) return samples;
  throw new MediaJobError('CORRUPT', { message: `Expected ${JSON.stringify(path)} to hold sound, got samples that are no numbers.`, advice: 'Export the file again as 16-bit or 24-bit audio.', facts: { path } });
}

/** Success says little: ffmpeg ends with 0 when there was nothing to decode. */
function requireSound(path: string, { startSeconds }: AudioStream, seconds: number, said: string): void {
  if (seconds >= startSeconds + 1 / speechSampleRate) return;
  throw new MediaJobError('EMPTY_OUTPUT', { message: `Expected ${JSON.stringify(path)} to give audio, got no sample.`, advice: 'The audio stream is empty or damaged; fetch or export the file again.', facts: { path, stderrTail: said } });
}

/** It also ends with 0 when its input is cut off. Shorter by more than 1 s and 2 % than stated is a cut. */
function shortfall(path: string, { durationSeconds, durationConfidence }: AudioStream, seconds: number): MediaJobError | undefined {
  if (durationSeconds === undefined || durationConfidence !== 'exact' || seconds >= durationSeconds - Math.max(1, durationSeconds * 0.02)) return undefined;
  return new MediaJobError('TRUNCATED', {
    message: `Expected ${JSON.stringify(path)} to give ${durationSeconds.toFixed(2)} s of audio, got ${seconds.toFixed(2)} s.`,
    advice: 'The file is cut off or damaged; fetch it again, or set `acceptTruncated: true` to take what is there.',
    facts: { path, expectedSeconds: durationSeconds, seconds },
  });
}

function complaints(said: string): readonly string[] {
  const lines = withoutWhitelistLines(said).split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? [] : [`ffmpeg reports errors in the file (${lines.length}); the last: ${(lines.at(-1) ?? '').slice(0, 200)}`];
}

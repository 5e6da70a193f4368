import { open, truncate } from 'node:fs/promises';
import { FileWriter } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessControls } from '@media-jobs/process';
import { speechSampleRate, type DecodedChannels } from '../../arguments.ts';
import { decode, type Decoded, type DecodeRequest } from '../../decode.ts';
import type { MediaContext, OpenedMedia } from '../../media-context.ts';
import { reserveWhileWriting } from '../plan-speech.ts';
import { compareFrames, type DecodeChunk } from './chunk-plan.ts';

/** What is decoded in chunks, and where to. */
export interface ChunkedDecode extends Pick<DecodeRequest, 'channels' | 'highpassHz' | 'denoise' | 'timeoutMs'> {
  readonly media: OpenedMedia;
  /** The staging file: 32-bit floats, interleaved. It exists. */
  readonly path: string;
  readonly onSeconds: (seconds: number) => void;
}

/** Errors that another way of decoding would meet as well. */
const final: ReadonlySet<string> = new Set(['DISK_FULL', 'OUTPUT_UNWRITABLE', 'TIMEOUT', 'PROGRAM_UNFIT', 'PROGRAM_NOT_FOUND']);
/** Longer than asked for, so that rounding never leaves a chunk one sample short. */
const spareSeconds = 0.5;

/**
 * Decodes all chunks side by side into one file. Undefined when they do not fit together sample by sample, or one of them
 * failed: then only a decode in one go tells the truth about the file. Throws what that would throw too: `DISK_FULL`, `TIMEOUT`, `ABORTED`.
 */
export async function decodeChunks(request: ChunkedDecode, chunks: readonly DecodeChunk[], context: MediaContext, controls: ProcessControls): Promise<Decoded | undefined> {
  await truncate(request.path, 0);
  const stop = new AbortController();
  const kill = controls.kill === undefined ? stop.signal : AbortSignal.any([controls.kill, stop.signal]);
  const done = chunks.map(() => 0);
  const onFrames = (index: number, frames: number): void => {
    done[index] = frames;
    request.onSeconds(done.reduce((sum, one) => sum + one, 0) / speechSampleRate);
  };
  const settled = await Promise.allSettled(chunks.map((chunk, index) => decodeChunk(request, chunk, (frames) => onFrames(index, frames), context, { ...controls, kill }).catch((error: unknown) => {
    stop.abort(error);
    throw error;
  })));
  const decoded = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const why = stop.signal.aborted ? rejected(stop.signal.reason, controls) : await misfit(request, chunks, decoded);
  if (why === undefined) return { seconds: (decoded.at(-1)?.end ?? 0) / speechSampleRate, warnings: decoded.flatMap(({ warnings }) => warnings) };
  (controls.logger ?? context.options.logger).info({ path: request.media.path, chunks: chunks.length, why }, 'Decoding in one go, because the chunks do not fit together');
  return undefined;
}

/** Why the chunks failed; throws what another try would not change. */
function rejected(error: unknown, { signal, kill }: ProcessControls): string {
  const aborted = signal?.aborted === true || kill?.aborted === true;
  if (aborted || !MediaJobError.isInstance(error) || final.has(error.code)) throw error;
  return error.message;
}

interface DecodedChunk extends Pick<Decoded, 'warnings'> {
  /** Behind the last frame of the result that it gave. */
  readonly end: number;
  /** Its frames just before `from`. */
  readonly before: Float32Array;
}

async function decodeChunk(request: ChunkedDecode, chunk: DecodeChunk, onFrames: (frames: number) => void, context: MediaContext, controls: ProcessControls): Promise<DecodedChunk> {
  const { media, path } = request;
  const width = channelCount(request.channels);
  const { from, to, lead, fromSeconds } = chunk;
  const writer = await FileWriter.openAt(path, reserveWhileWriting(context.options.disk), from * width * Float32Array.BYTES_PER_ELEMENT);
  const before = new Float32Array(lead === 0 ? 0 : compareFrames * width);
  /** The frame of the result that comes next. */
  let next = from - lead;
  const onSamples = async (samples: Float32Array): Promise<void> => {
    const end = next + samples.length / width;
    const compared = cut(samples, next, from - compareFrames, from, width);
    if (compared.length > 0) before.set(compared, Math.max(0, next - (from - compareFrames)) * width);
    const own = cut(samples, next, from, to ?? end, width);
    next = end;
    onFrames(Math.max(0, Math.min(next, to ?? next) - from));
    await writer.append(new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
  };
  const { channels, highpassHz, denoise, timeoutMs } = request;
  const seconds = to === undefined ? undefined : (to - from + lead) / speechSampleRate + spareSeconds;
  try {
    const { warnings } = await decode({ path: media.path, stream: media.stream, maxAllocBytes: media.maxAllocBytes, channels, highpassHz, timeoutMs, onSamples, part: { fromSeconds, seconds }, ...(denoise === undefined ? {} : { denoise }) }, media.ffmpeg.path, context, controls);
    await writer.close();
    return { end: Math.min(next, to ?? next), before, warnings };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Those of `samples`, which start at frame `first`, that lie from frame `from` to frame `to`. */
function cut(samples: Float32Array, first: number, from: number, to: number, width: number): Float32Array {
  const [start, end] = [Math.max(0, from - first) * width, Math.max(0, to - first) * width];
  return samples.subarray(start, Math.max(start, end));
}

function channelCount(channels: DecodedChannels): number {
  return channels === 'both' ? 2 : 1;
}

/** Why the chunks do not make one whole; undefined when they do. */
async function misfit({ path, media, channels }: ChunkedDecode, chunks: readonly DecodeChunk[], decoded: readonly DecodedChunk[]): Promise<string | undefined> {
  const width = channelCount(channels);
  await using file = await open(path, 'r');
  for (const [index, { from, to }] of chunks.entries()) {
    const { end = 0, before = new Float32Array(0) } = decoded[index] ?? {};
    if (to !== undefined && end < to) return `chunk ${index} ends ${to - end} samples early`;
    if (index === 0) continue;
    const written = new Float32Array(before.length);
    await file.read(new Uint8Array(written.buffer), 0, written.byteLength, (from - compareFrames) * width * Float32Array.BYTES_PER_ELEMENT);
    if (!areAlike(written, before, media.stream.codec)) return `chunk ${index} is not what the one before goes on with`;
  }
  const seconds = (decoded.at(-1)?.end ?? 0) / speechSampleRate;
  const { durationSeconds = 0 } = media.stream;
  return seconds < durationSeconds - Math.max(1, durationSeconds * 0.02) ? 'the end is missing' : undefined;
}

/** How much two decodes of the same second may differ, by energy. Decoders of AAC fill bands with noise of their own, another one each time; all others give the same samples. */
const allowed = Object.freeze({ aac: 0.25, other: 1e-6 });
/** What is 100 dB below full scale differs for nobody. */
const silentPower = 1e-10;

function areAlike(one: Float32Array, other: Float32Array, codec: string): boolean {
  let [power, difference] = [0, 0];
  for (let index = 0; index < one.length; index += 1) {
    const value = one[index] as number;
    power += value * value;
    difference += (value - (other[index] as number)) ** 2;
  }
  return difference <= power * (codec === 'aac' ? allowed.aac : allowed.other) + one.length * silentPower;
}

import type { DecodedChannels } from '../arguments.ts';
import { decode } from '../decode.ts';
import type { LoudnessMeasurement } from '../loudness/gain-plan.ts';
import type { MediaContext, OpenedMedia } from '../media-context.ts';
import type { ProgressReporter } from '../progress.ts';
import type { ChannelPick } from '../sample-reader.ts';
import { chunkCount, planChunks } from './parallel/chunk-plan.ts';
import { stageInChunks } from './parallel/parallel-speech.ts';
import { decodedChannels, predictedBytes, requireRoom, reserveWhileWriting } from './plan-speech.ts';
import type { PrepareSpeechOptions, ResolvedPrepareOptions, SpeechChannel } from './prepare-options.ts';
import { stageDecoded, type Staged } from './stage-decoded.ts';
import type { UnfinishedFiles } from './unfinished-files.ts';

/** One call of `prepareSpeech` under way. */
export interface SpeechRun {
  readonly context: MediaContext;
  readonly request: ResolvedPrepareOptions;
  readonly options: PrepareSpeechOptions;
  readonly media: OpenedMedia;
  readonly progress: ProgressReporter;
  readonly files: UnfinishedFiles;
}

/** Decoded samples, and what of them becomes the result. */
export interface StagedSpeech {
  readonly staged: Staged;
  readonly pick: ChannelPick;
  readonly measured: LoudnessMeasurement;
  /** What was taken. */
  readonly channel: Exclude<SpeechChannel, 'loudest'>;
  /** Whether the two channels cancel each other out when they are mixed. */
  readonly antiPhase: boolean;
}

/** A mix of two channels below this may be what is left of two that are each other's opposite, in LUFS: worth a look at both. */
const suspiciousLufs = -36;
/** A mix that is so much softer than its louder channel has lost something: two equal channels win 3 dB, two that have nothing in common lose nothing. */
export const cancelledLu = 12;

/**
 * Decodes into the staging file and measures. A mix that comes out suspiciously soft is decoded again with its channels
 * apart; when they cancel each other out, the louder one is taken instead.
 */
export async function stageSpeech(run: SpeechRun): Promise<StagedSpeech> {
  const { request, media, context } = run;
  const { clock } = context.options;
  const began = clock.monotonic();
  const channels = decodedChannels(request.channel, media.stream);
  const staged = await stageChannels(run, channels, media.timeoutMs);
  if (channels === 'both') return louderOf(staged, false);
  const measured = only(staged);
  const channel = request.channel === 'loudest' ? 'mix' : request.channel;
  const mixed: StagedSpeech = { staged, pick: 0, measured, channel, antiPhase: false };
  if (channel !== 'mix' || media.stream.channels !== 2 || measured.lufs >= suspiciousLufs) return mixed;
  const apart = await stageChannels(run, 'both', Math.max(1, media.timeoutMs - (clock.monotonic() - began)));
  const louder = louderOf(apart, true);
  const cancelled = Number.isFinite(louder.measured.lufs) ? louder.measured.lufs - measured.lufs >= cancelledLu : louder.measured.peakDb - measured.peakDb >= cancelledLu;
  return cancelled ? louder : { ...mixed, staged: apart, pick: 'mix' };
}

async function stageChannels({ context, request, options, media, progress, files }: SpeechRun, channels: DecodedChannels, timeoutMs: number): Promise<Staged> {
  const { disk } = context.options;
  const { path, stream, bytes, ffmpeg, maxAllocBytes } = media;
  const { highpassHz, denoise, parallel } = request;
  await requireRoom([files.staged.path, files.speech.target], predictedBytes(stream, channels, bytes, context.options.limits.maxDurationSeconds), disk);
  const onSeconds = (seconds: number): void => progress.report('decode', seconds, stream.durationSeconds);
  const chunks = planChunks(media, chunkCount(parallel, stream.durationSeconds ?? 0, context.options.concurrency));
  if (chunks !== undefined) {
    const together = await stageInChunks({ media, path: files.staged.path, channels, highpassHz, denoise, timeoutMs, onSeconds }, chunks, context, options);
    if (together !== undefined) return { ...together, processes: chunks.length };
  }
  const stage = { path: files.staged.path, channels: channels === 'both' ? 2 : 1, reserveBytes: reserveWhileWriting(disk), onSeconds };
  return await stageDecoded(stage, (onSamples) => decode({ path, stream, maxAllocBytes, channels, highpassHz, denoise, timeoutMs, onSamples }, ffmpeg.path, context, options));
}

function only({ measured: [first] }: Staged): LoudnessMeasurement {
  if (first === undefined) throw new RangeError('Expected the measurement of a channel, got none.');
  return first;
}

/** Of two staged channels the louder; two that are silent are equal. */
function louderOf(staged: Staged, antiPhase: boolean): StagedSpeech {
  const left = only(staged);
  const right = staged.measured[1] ?? left;
  const silent = left.lufs === right.lufs;
  const isRight = silent ? right.peakDb > left.peakDb : right.lufs > left.lufs;
  return { staged, pick: isRight ? 1 : 0, measured: isRight ? right : left, channel: isRight ? 'right' : 'left', antiPhase };
}

import { resolve } from 'node:path';
import type { AudioInfo } from '@media-jobs/core';
import { throwIfAborted } from '../call-controls.ts';
import { decode } from '../decode.ts';
import { openMedia, type MediaContext, type OpenedMedia } from '../media-context.ts';
import { invalidOption, requirePath } from '../option-checks.ts';
import { publishAll } from '../output-files.ts';
import { createProgressReporter, type ProgressReporter } from '../progress.ts';
import { PeakCollector } from '../waveform/peak-collector.ts';
import { writeWaveform } from '../waveform/write-waveform.ts';
import { applyLoudness, type AppliedLoudness, type LoudnessResult, type WritePass } from './apply-loudness.ts';
import { decodedChannels, predictedBytes, requireRoom, reserveWhileWriting } from './plan-speech.ts';
import { resolvePrepareOptions, type PrepareSpeechOptions, type ResolvedPrepareOptions, type SpeechChannel } from './prepare-options.ts';
import { rehearseGain } from './rehearse-gain.ts';
import { speechWarnings } from './speech-warnings.ts';
import { stageDecoded, type Staged } from './stage-decoded.ts';
import { makeUnfinishedFiles, type UnfinishedFiles } from './unfinished-files.ts';
import { verifySpeech } from './verify-speech.ts';
import { writeSpeech } from './write-speech.ts';

/** Milliseconds that each part took. */
export interface SpeechTimings {
  readonly probeMs: number;
  readonly decodeMs: number;
  readonly gainMs: number;
  readonly verifyMs: number;
  readonly totalMs: number;
}

/** Speech as a recogniser takes it, in a file: 16 kHz, mono, 16-bit PCM. */
export interface PreparedSpeech {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly durationSeconds: number;
  /** What the input states exactly; left out when it does not. */
  readonly expectedSeconds?: number;
  readonly loudness: LoudnessResult;
  /** What was taken; after `loudest` the channel that was. */
  readonly channel: Exclude<SpeechChannel, 'loudest'>;
  readonly audioInfo: AudioInfo;
  /** What a reader should know, as sentences. */
  readonly warnings: readonly string[];
  /** The picture, when one was asked for. */
  readonly waveform?: { readonly path: string; readonly bytes: number };
  readonly timings: SpeechTimings;
  /** The ffmpeg that was used. */
  readonly binary: { readonly path: string; readonly version: string };
}

/** One call under way. */
interface SpeechRun {
  readonly context: MediaContext;
  readonly request: ResolvedPrepareOptions;
  readonly options: PrepareSpeechOptions;
  readonly media: OpenedMedia;
  readonly progress: ProgressReporter;
  readonly files: UnfinishedFiles;
}

/** Implements `Ffmpeg.prepareSpeech`. */
export async function prepareSpeech(file: string, outFile: string, options: PrepareSpeechOptions, context: MediaContext): Promise<PreparedSpeech> {
  const { clock, temp } = context.options;
  requirePath('outFile', outFile);
  const request = resolvePrepareOptions(options);
  const [target, ...pictures] = targetsOf(outFile, request);
  const progress = createProgressReporter(clock, options.onProgress);
  const times = [clock.monotonic()];
  const lap = (): number => times.push(clock.monotonic());
  progress.report('probe', 0, undefined);
  const media = await openMedia(file, { ...options, targets: [target, ...pictures], overwrite: request.overwrite }, context);
  lap();
  await using files = await makeUnfinishedFiles(target, pictures[0], temp);
  const run: SpeechRun = { context, request, options, media, progress, files };
  const staged = await decodeToStage(run);
  lap();
  const channel = pickChannel(staged, request.channel);
  const { applied, peaks } = await writeAtLoudness(run, staged, channel === 'right' && staged.channels > 1 ? 1 : 0);
  lap();
  progress.report('verify', 0, undefined);
  await verifySpeech(files.speech.part.path, applied.written.samples);
  const pictureBytes = await drawPicture(run, peaks);
  throwIfAborted(options);
  await publishAll([...(files.picture === undefined ? [] : [files.picture]), files.speech], request.overwrite, files.temp);
  progress.done(staged.seconds);
  lap();
  return describe(run, staged, applied, channel, pictureBytes, timings(times));
}

function targetsOf(outFile: string, { waveform }: ResolvedPrepareOptions): [string, ...string[]] {
  const target = resolve(outFile);
  if (waveform === undefined) return [target];
  if (resolve(waveform.file) === target) throw invalidOption('waveform.file', 'another file than the audio', waveform.file);
  return [target, resolve(waveform.file)];
}

async function decodeToStage({ context, request, options, media, progress, files }: SpeechRun): Promise<Staged> {
  const { disk } = context.options;
  const { path, stream, timeoutMs, bytes, ffmpeg } = media;
  const channels = decodedChannels(request.channel, stream);
  await requireRoom([files.staged.path, files.speech.target], predictedBytes(stream, channels, bytes), disk);
  const onSeconds = (seconds: number): void => progress.report('decode', seconds, stream.durationSeconds);
  const stage = { path: files.staged.path, channels: channels === 'both' ? 2 : 1, reserveBytes: reserveWhileWriting(disk), onSeconds };
  return stageDecoded(stage, (onSamples) => decode({ path, stream, channels, highpassHz: request.highpassHz, timeoutMs, onSamples }, ffmpeg.path, context, options));
}

/** Of two staged channels the louder; two that are silent are equal. */
function pickChannel({ measured }: Staged, wanted: SpeechChannel): Exclude<SpeechChannel, 'loudest'> {
  if (wanted !== 'loudest') return wanted;
  const [left, right] = measured;
  if (left === undefined || right === undefined) return 'mix';
  const silent = left.lufs === right.lufs;
  return (silent ? right.peakDb > left.peakDb : right.lufs > left.lufs) ? 'right' : 'left';
}

interface WrittenAtLoudness {
  readonly applied: AppliedLoudness;
  readonly peaks: PeakCollector | undefined;
}

async function writeAtLoudness({ context, request, options, progress, files }: SpeechRun, staged: Staged, channel: number): Promise<WrittenAtLoudness> {
  const measured = staged.measured[channel];
  if (measured === undefined) throw new RangeError(`Expected a measurement of channel ${channel}, got ${staged.measured.length} channels.`);
  const reserveBytes = reserveWhileWriting(context.options.disk);
  const onSeconds = (seconds: number): void => progress.report('gain', seconds, staged.seconds);
  let peaks: PeakCollector | undefined;
  const write: WritePass = (pass) => {
    peaks = request.waveform === undefined ? undefined : new PeakCollector(request.waveform.style.width);
    return writeSpeech({ ...pass, staged, channel, path: files.speech.part.path, reserveBytes, peaks, onSeconds }, options);
  };
  const applied = await applyLoudness(measured, request.loudness, { write, rehearse: (pass) => rehearseGain({ ...pass, staged, channel }, options) });
  return { applied, peaks };
}

async function drawPicture({ request, files }: SpeechRun, peaks: PeakCollector | undefined): Promise<number> {
  if (request.waveform === undefined || files.picture === undefined || peaks === undefined) return 0;
  return writeWaveform(files.picture.part.path, peaks, request.waveform.style);
}

function timings([start = 0, probed = 0, decoded = 0, gained = 0, done = 0]: readonly number[]): SpeechTimings {
  const [probeMs, decodeMs, gainMs, verifyMs, totalMs] = [probed - start, decoded - probed, gained - decoded, done - gained, done - start].map((ms) => Math.round(ms)) as [number, number, number, number, number];
  return Object.freeze({ probeMs, decodeMs, gainMs, verifyMs, totalMs });
}

function describe(run: SpeechRun, staged: Staged, { loudness, written }: AppliedLoudness, channel: PreparedSpeech['channel'], pictureBytes: number, times: SpeechTimings): PreparedSpeech {
  const { media, files, request } = run;
  const { stream, info, ffmpeg } = media;
  const exact = stream.durationConfidence === 'exact' && stream.durationSeconds !== undefined;
  return Object.freeze({
    path: files.speech.target,
    bytes: written.bytes,
    durationSeconds: staged.seconds,
    ...(exact ? { expectedSeconds: stream.durationSeconds } : {}),
    loudness,
    channel,
    audioInfo: { format: info.format, codec: stream.codec, sampleRate: stream.sampleRate, channels: stream.channels, bytes: media.bytes },
    warnings: speechWarnings(media, staged, loudness, request.channel, request.loudness?.targetLufs),
    ...(files.picture === undefined ? {} : { waveform: { path: files.picture.target, bytes: pictureBytes } }),
    timings: times,
    binary: { path: ffmpeg.path, version: ffmpeg.version },
  });
}

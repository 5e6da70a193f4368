import { resolve } from 'node:path';
import type { AudioInfo } from '@media-jobs/core';
import { throwIfAborted } from '../call-controls.ts';
import { openMedia, type MediaContext } from '../media-context.ts';
import { invalidOption, requirePath } from '../option-checks.ts';
import { publishAll } from '../output-files.ts';
import { createProgressReporter } from '../progress.ts';
import { PeakCollector } from '../waveform/peak-collector.ts';
import { writeWaveform } from '../waveform/waveform.ts';
import { applyLoudness, type AppliedLoudness, type LoudnessResult, type WritePass } from './apply-loudness.ts';
import { chunkCount } from './parallel/chunk-plan.ts';
import { writeInThreads } from './parallel/parallel-speech.ts';
import { reserveWhileWriting } from './plan-speech.ts';
import { resolvePrepareOptions, type PrepareSpeechOptions, type ResolvedPrepareOptions, type SpeechChannel } from './prepare-options.ts';
import { rehearseGain } from './rehearse-gain.ts';
import { speechWarnings } from './speech-warnings.ts';
import { stageSpeech, type SpeechRun, type StagedSpeech } from './stage-speech.ts';
import { makeUnfinishedFiles } from './unfinished-files.ts';
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
  /** What was taken; after `loudest`, and where a mix would have been silence, the channel that was. */
  readonly channel: Exclude<SpeechChannel, 'loudest'>;
  /** Whether the two channels are each other's opposite, so that the louder one was taken instead of their mix. */
  readonly antiPhase: boolean;
  /** How many processes decoded it together. */
  readonly processes: number;
  readonly audioInfo: AudioInfo;
  /** What a reader should know, as sentences. */
  readonly warnings: readonly string[];
  /** The picture, when one was asked for. */
  readonly waveform?: { readonly path: string; readonly bytes: number };
  readonly timings: SpeechTimings;
  /** The ffmpeg that was used. */
  readonly binary: { readonly path: string; readonly version: string };
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
  const speech = await stageSpeech(run);
  lap();
  const { applied, peaks } = await writeAtLoudness(run, speech);
  lap();
  progress.report('verify', 0, undefined);
  await verifySpeech(files.speech.part.path, applied.written.samples);
  const pictureBytes = await drawPicture(run, peaks);
  throwIfAborted(options);
  await publishAll([...(files.picture === undefined ? [] : [files.picture]), files.speech], request.overwrite, files.temp);
  progress.done(speech.staged.seconds);
  lap();
  return describe(run, speech, applied, pictureBytes, timings(times));
}

function targetsOf(outFile: string, { waveform }: ResolvedPrepareOptions): [string, ...string[]] {
  const target = resolve(outFile);
  if (waveform === undefined) return [target];
  if (resolve(waveform.file) === target) throw invalidOption('waveform.file', 'another file than the audio', waveform.file);
  return [target, resolve(waveform.file)];
}

interface WrittenAtLoudness {
  readonly applied: AppliedLoudness;
  readonly peaks: PeakCollector | undefined;
}

async function writeAtLoudness({ context, request, options, progress, files }: SpeechRun, { staged, measured, pick: channel }: StagedSpeech): Promise<WrittenAtLoudness> {
  const reserveBytes = reserveWhileWriting(context.options.disk);
  const onSeconds = (seconds: number): void => progress.report('gain', seconds, staged.seconds);
  let peaks: PeakCollector | undefined;
  const threads = chunkCount(request.parallel, staged.seconds, context.options.concurrency);
  const write: WritePass = async (pass) => {
    if (threads > 1) {
      const { peaks: gathered, ...written } = await writeInThreads({ ...pass, staged, channel, path: files.speech.part.path, reserveBytes, columns: request.waveform?.style.width, threads, onSeconds }, options);
      peaks = gathered;
      return written;
    }
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

function describe(run: SpeechRun, speech: StagedSpeech, { loudness, written }: AppliedLoudness, pictureBytes: number, times: SpeechTimings): PreparedSpeech {
  const { media, files, request } = run;
  const { staged, channel, antiPhase } = speech;
  const { stream, info, ffmpeg } = media;
  const exact = stream.durationConfidence === 'exact' && stream.durationSeconds !== undefined;
  return Object.freeze({
    path: files.speech.target,
    bytes: written.bytes,
    durationSeconds: staged.seconds,
    ...(exact ? { expectedSeconds: stream.durationSeconds } : {}),
    loudness,
    channel,
    antiPhase,
    processes: staged.processes ?? 1,
    audioInfo: { format: info.format, codec: stream.codec, sampleRate: stream.sampleRate, channels: stream.channels, bytes: media.bytes },
    warnings: speechWarnings(media, speech, loudness, request),
    ...(files.picture === undefined ? {} : { waveform: { path: files.picture.target, bytes: pictureBytes } }),
    timings: times,
    binary: { path: ffmpeg.path, version: ffmpeg.version },
  });
}

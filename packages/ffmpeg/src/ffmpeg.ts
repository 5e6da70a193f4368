import type { HealthCheck, SpeechSource } from '@media-jobs/core';
import type { ProcessControls } from '@media-jobs/process';
import { examine, type FfmpegReport } from './binaries/doctor.ts';
import { createPrograms } from './binaries/programs.ts';
import { createConcurrencyGate } from './concurrency-gate.ts';
import type { ConvertedAudio, ConvertOptions } from './convert/convert.ts';
import { normalizeLoudness, type NormalizedAudio, type NormalizeLoudnessOptions } from './convert/normalize-loudness.ts';
import {
  convert, denoise, extractAudio, highpass, resample, toMono,
  type DenoiseOptions, type ExtractAudioOptions, type HighpassOptions, type MonoAudio, type ResampleOptions, type ToMonoOptions,
} from './convert/single-operations.ts';
import { ffmpegHealthChecks } from './health-checks.ts';
import { withInput, type InputOptions, type MediaInput } from './input/media-input.ts';
import type { MediaInfo } from './media-info.ts';
import { openSpeech } from './open-speech.ts';
import { resolveOptions, type FfmpegOptions } from './options.ts';
import { probeFile } from './probe.ts';
import { runMedia, type RunControls, type RunRequest, type RunResult } from './run/run-media.ts';
import type { PrepareSpeechOptions } from './speech/prepare-options.ts';
import { prepareSpeech, type PreparedSpeech } from './speech/prepare-speech.ts';
import { drawSpectrogramOf, type SpectrogramOptions } from './spectrogram/spectrogram.ts';
import { split, type SplitOptions, type SplitResult } from './split/split.ts';
import type { PictureResult } from './waveform/picture-file.ts';
import { validate, type ValidateOptions } from './validate/validate.ts';
import type { ValidationReport } from './validate/validation-report.ts';
import { drawWaveformOf, type WaveformOptions } from './waveform/waveform.ts';

/**
 * Media work in guarded child processes. Each call ends in time, with a verified output in its place or with one
 * `MediaJobError` and nothing left: no process, no part of a file. Calls may run side by side.
 *
 * The input is a path, or a stream of bytes: that is read into a temp file first, hashed on the way (`onSpooled`), and held to `limits.maxInputBytes`
 * while it flows.
 *
 * All throw, as it applies: `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_NOT_FILE`, `INPUT_EMPTY`, `INPUT_ALL_ZERO`,
 * `INPUT_TOO_LARGE`, `UNSUPPORTED_FORMAT`, `CORRUPT`, `NO_AUDIO`, `BAD_STREAM`, `TOO_LONG`, `PROBE_TIMEOUT`,
 * `PROGRAM_NOT_FOUND`, `PROGRAM_UNFIT`, `PROGRAM_CRASHED`, `PROGRAM_KILLED`, `PROGRAM_FAILED`, `INVALID_OPTION`, `ABORTED`;
 * those that write, also: `INPUT_IS_OUTPUT`, `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`, `OUTPUT_LIMIT`, `DISK_FULL`, `STALLED`,
 * `TIMEOUT`, `TRUNCATED`, `EMPTY_OUTPUT`.
 */
export interface Ffmpeg extends SpeechSource {
  /** Says what a file holds. Validates before it believes. */
  probe(file: MediaInput, options?: InputOptions): Promise<MediaInfo>;
  /** Decodes all sound of a file and reports what is broken, and what cannot be known. A broken file is a report; only what is no media, or does not end, is thrown. */
  validate(file: MediaInput, options?: ValidateOptions): Promise<ValidationReport>;
  /** Makes 16 kHz mono speech of even loudness from any media file, in one decode; with its picture when asked for. */
  prepareSpeech(file: MediaInput, outFile: string, options?: PrepareSpeechOptions): Promise<PreparedSpeech>;
  /** Draws the waveform of any media file as a PNG. */
  waveform(file: MediaInput, pngFile: string, options?: WaveformOptions): Promise<PictureResult>;
  /** Draws the spectrogram of any media file as a PNG: time from left to right, 0 to 8,000 Hz from bottom to top. */
  spectrogram(file: MediaInput, pngFile: string, options?: SpectrogramOptions): Promise<PictureResult>;
  /** Cuts the sound of any media file into WAV files in a folder: by time, in pauses, or by size. */
  split(file: MediaInput, folder: string, options: SplitOptions): Promise<SplitResult>;
  /** Runs ffmpeg with arguments of the caller's, and the guards of this package around them: for what no other call does. */
  run(request: RunRequest, controls?: RunControls): Promise<RunResult>;
  /** Writes the sound of any media file into another container; the end of its name says which. */
  convert(file: MediaInput, outFile: string, options?: ConvertOptions): Promise<ConvertedAudio>;
  /** Takes the sound out of a film: as it is where the new container takes its codec, else coded anew. */
  extractAudio(file: MediaInput, outFile: string, options?: ExtractAudioOptions): Promise<ConvertedAudio>;
  /** Brings the sound to a loudness, at its own rate and with its own channels. Silence is left alone. */
  normalizeLoudness(file: MediaInput, outFile: string, options?: NormalizeLoudnessOptions): Promise<NormalizedAudio>;
  /** Takes steady noise away. */
  denoise(file: MediaInput, outFile: string, options?: DenoiseOptions): Promise<ConvertedAudio>;
  /** Takes rumble away. */
  highpass(file: MediaInput, outFile: string, options?: HighpassOptions): Promise<ConvertedAudio>;
  /** Makes one channel of all: their mix, one of two, or the louder one. */
  toMono(file: MediaInput, outFile: string, options?: ToMonoOptions): Promise<MonoAudio>;
  /** Changes the sample rate. */
  resample(file: MediaInput, outFile: string, options: ResampleOptions): Promise<ConvertedAudio>;
  /** Says which programs there are, what they can do, and what to do about what is missing. Throws only when aborted. */
  doctor(options?: ProcessControls): Promise<FfmpegReport>;
  /** Whether ffmpeg and ffprobe can be started. */
  readonly healthChecks: readonly HealthCheck[];
}

/** Makes an instance. Nothing is looked for or started before the first call. Throws `INVALID_OPTION`. */
export function createFfmpeg(options: FfmpegOptions = {}): Ffmpeg {
  const resolved = resolveOptions(options);
  const programs = createPrograms(resolved);
  const context = Object.freeze({ options: resolved, programs, gate: createConcurrencyGate(resolved.concurrency) });
  return Object.freeze<Ffmpeg>({
    probe: (input, controls = {}) => withInput(input, controls, context, async (file) => (await probeFile(file, context, controls)).info),
    validate: (input, given = {}) => withInput(input, given, context, (file) => validate(file, given, context)),
    prepareSpeech: (input, outFile, given = {}) => withInput(input, given, context, (file) => prepareSpeech(file, outFile, given, context)),
    waveform: (input, pngFile, given = {}) => withInput(input, given, context, (file) => drawWaveformOf(file, pngFile, given, context)),
    run: (request, controls = {}) => runMedia(request, controls, context),
    spectrogram: (input, pngFile, given = {}) => withInput(input, given, context, (file) => drawSpectrogramOf(file, pngFile, given, context)),
    split: (input, folder, given) => withInput(input, given, context, (file) => split(file, folder, typeof input === 'string' ? given : { name: 'stream', ...given }, context)),
    convert: (input, outFile, given = {}) => withInput(input, given, context, (file) => convert(file, outFile, given, context)),
    extractAudio: (input, outFile, given = {}) => withInput(input, given, context, (file) => extractAudio(file, outFile, given, context)),
    normalizeLoudness: (input, outFile, given = {}) => withInput(input, given, context, (file) => normalizeLoudness(file, outFile, given, context)),
    denoise: (input, outFile, given = {}) => withInput(input, given, context, (file) => denoise(file, outFile, given, context)),
    highpass: (input, outFile, given = {}) => withInput(input, given, context, (file) => highpass(file, outFile, given, context)),
    toMono: (input, outFile, given = {}) => withInput(input, given, context, (file) => toMono(file, outFile, given, context)),
    resample: (input, outFile, given) => withInput(input, given, context, (file) => resample(file, outFile, given, context)),
    open: (file, given) => openSpeech(file, given, context),
    doctor: (controls = {}) => examine(programs, { logger: resolved.logger, ...controls }),
    healthChecks: ffmpegHealthChecks(programs),
  });
}

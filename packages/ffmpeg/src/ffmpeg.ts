import type { HealthCheck, SpeechSource } from '@media-jobs/core';
import type { ProcessControls } from '@media-jobs/process';
import { examine, type FfmpegReport } from './binaries/doctor.ts';
import { createPrograms } from './binaries/programs.ts';
import { createConcurrencyGate } from './concurrency-gate.ts';
import { ffmpegHealthChecks } from './health-checks.ts';
import type { MediaInfo } from './media-info.ts';
import { openSpeech } from './open-speech.ts';
import { resolveOptions, type FfmpegOptions } from './options.ts';
import { probeFile } from './probe.ts';
import { runMedia, type RunControls, type RunRequest, type RunResult } from './run/run-media.ts';
import type { PrepareSpeechOptions } from './speech/prepare-options.ts';
import { prepareSpeech, type PreparedSpeech } from './speech/prepare-speech.ts';
import { drawWaveformOf, type WaveformOptions, type WaveformResult } from './waveform/waveform.ts';

/**
 * Media work in guarded child processes. Each call ends in time, with a verified output in its place or with one
 * `MediaJobError` and nothing left: no process, no part of a file. Calls may run side by side.
 *
 * All throw, as it applies: `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_NOT_FILE`, `INPUT_EMPTY`, `INPUT_ALL_ZERO`,
 * `INPUT_TOO_LARGE`, `UNSUPPORTED_FORMAT`, `CORRUPT`, `NO_AUDIO`, `BAD_STREAM`, `TOO_LONG`, `PROBE_TIMEOUT`,
 * `PROGRAM_NOT_FOUND`, `PROGRAM_UNFIT`, `PROGRAM_CRASHED`, `PROGRAM_KILLED`, `PROGRAM_FAILED`, `INVALID_OPTION`, `ABORTED`;
 * those that write, also: `INPUT_IS_OUTPUT`, `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`, `OUTPUT_LIMIT`, `DISK_FULL`, `STALLED`,
 * `TIMEOUT`, `TRUNCATED`, `EMPTY_OUTPUT`.
 */
export interface Ffmpeg extends SpeechSource {
  /** Says what a file holds. Validates before it believes. */
  probe(file: string, options?: ProcessControls): Promise<MediaInfo>;
  /** Makes 16 kHz mono speech of even loudness from any media file, in one decode; with its picture when asked for. */
  prepareSpeech(file: string, outFile: string, options?: PrepareSpeechOptions): Promise<PreparedSpeech>;
  /** Draws the waveform of any media file as a PNG. */
  waveform(file: string, pngFile: string, options?: WaveformOptions): Promise<WaveformResult>;
  /** Runs ffmpeg with arguments of the caller's, and the guards of this package around them: for what no other call does. */
  run(request: RunRequest, controls?: RunControls): Promise<RunResult>;
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
    probe: async (file, controls = {}) => (await probeFile(file, context, controls)).info,
    prepareSpeech: (file, outFile, given = {}) => prepareSpeech(file, outFile, given, context),
    waveform: (file, pngFile, given = {}) => drawWaveformOf(file, pngFile, given, context),
    run: (request, controls = {}) => runMedia(request, controls, context),
    open: (file, given) => openSpeech(file, given, context),
    doctor: (controls = {}) => examine(programs, { logger: resolved.logger, ...controls }),
    healthChecks: ffmpegHealthChecks(programs),
  });
}

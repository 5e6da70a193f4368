import type { Denoise } from '../arguments.ts';
import { invalidOption, requireChoice, requireNumber, requirePath, requireWhole } from '../option-checks.ts';
import type { LoudnessTarget } from '../loudness/gain-plan.ts';
import type { InputOptions } from '../input/media-input.ts';
import type { FfmpegProgress } from '../progress.ts';
import type { TimeLimitOptions } from '../time-limit.ts';
import type { WaveformStyle } from '../waveform/draw-waveform.ts';
import { requireParallel, type Parallel } from './parallel/chunk-plan.ts';
import { resolveWaveform, type WaveformLook } from '../waveform/waveform-options.ts';

/** What becomes of the channels: their mix, one of the first two, or the louder of the first two. */
export type SpeechChannel = 'mix' | 'left' | 'right' | 'loudest';
export const speechChannels: readonly SpeechChannel[] = Object.freeze(['mix', 'left', 'right', 'loudest'] as const);

export const denoiseChoices: readonly Denoise[] = Object.freeze(['off', 'light', 'medium'] as const);

/** The loudness of speech that recognisers and listeners are used to: -16 LUFS, no point above -1.5 dBTP. */
export const defaultLoudness = Object.freeze({ targetLufs: -16, truePeakDb: -1.5 } as const) satisfies LoudnessTarget;
/** Corner of the high-pass in Hz: below lies rumble, no speech. */
export const defaultHighpassHz = 80;

/** Options that each call which writes a file takes. */
export interface OutputOptions extends InputOptions, TimeLimitOptions {
  /** Number of the audio stream, from 0. Default: the one that the file marks as default, else the first. */
  readonly stream?: number;
  /** Whether existing files may be replaced. Default false: `OUTPUT_EXISTS`. */
  readonly overwrite?: boolean;
  /** Told of the time limit of decoding as soon as it is known. */
  readonly onTimeLimit?: (timeoutMs: number) => void;
  readonly onProgress?: (progress: FfmpegProgress) => void;
}

/** Options of `prepareSpeech`. */
export interface PrepareSpeechOptions extends OutputOptions {
  /** Default `mix`. */
  readonly channel?: SpeechChannel;
  /** Corner of the high-pass in Hz, 10 to 4,000; `false` for none. Default 80. */
  readonly highpassHz?: number | false;
  /** Takes steady noise away, by 10 or 16 dB at most. Default `off`: recognisers are trained on noise, and err more on what is left of it. */
  readonly denoise?: Denoise;
  /** Default -16 LUFS, -1.5 dBTP; `false` leaves the loudness as it is. */
  readonly loudness?: Partial<LoudnessTarget> | false;
  /**
   * Whether a long file is worked on by several processes and threads: `auto` (default) where it pays, which is from 20
   * minutes on and as far as the instance's `concurrency` goes; `false`; or so many.
   */
  readonly parallel?: Parallel;
  /** Draws a picture of the result into this file. */
  readonly waveform?: WaveformLook & { readonly file: string };
}

/** Options with their defaults, checked. */
export interface ResolvedPrepareOptions {
  readonly stream: number | undefined;
  readonly overwrite: boolean;
  readonly channel: SpeechChannel;
  readonly highpassHz: number | undefined;
  readonly denoise: Denoise;
  readonly loudness: LoudnessTarget | undefined;
  readonly parallel: Parallel;
  readonly waveform: { readonly file: string; readonly style: WaveformStyle } | undefined;
}

/** Completes and checks the options. Throws `INVALID_OPTION`. */
export function resolvePrepareOptions(options: PrepareSpeechOptions): ResolvedPrepareOptions {
  const { stream, overwrite = false, channel = 'mix', highpassHz = defaultHighpassHz, denoise = 'off', parallel = 'auto', loudness = {}, waveform } = options;
  if (stream !== undefined) requireWhole('stream', stream, 0, 10_000);
  if (typeof overwrite !== 'boolean') throw invalidOption('overwrite', 'true or false', overwrite);
  requireChoice('channel', channel, speechChannels);
  if (highpassHz !== false) requireNumber('highpassHz', highpassHz, 10, 4_000);
  requireChoice('denoise', denoise, denoiseChoices);
  requireParallel(parallel);
  if (waveform !== undefined) requirePath('waveform.file', waveform.file);
  return Object.freeze({
    stream,
    overwrite,
    channel,
    highpassHz: highpassHz === false ? undefined : highpassHz,
    denoise,
    parallel,
    loudness: loudness === false ? undefined : resolveTarget(loudness),
    waveform: waveform === undefined ? undefined : { file: waveform.file, style: resolveWaveform(waveform) },
  });
}

/** A target with its defaults, checked. Throws `INVALID_OPTION`. */
export function resolveTarget({ targetLufs = defaultLoudness.targetLufs, truePeakDb = defaultLoudness.truePeakDb }: Partial<LoudnessTarget>): LoudnessTarget {
  requireNumber('loudness.targetLufs', targetLufs, -50, -5);
  requireNumber('loudness.truePeakDb', truePeakDb, -20, 0);
  return Object.freeze({ targetLufs, truePeakDb });
}

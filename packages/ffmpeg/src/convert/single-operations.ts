import { denoiseFilter, type Denoise } from '../arguments.ts';
import type { MediaContext } from '../media-context.ts';
import { requireChoice, requireNumber, requireWhole } from '../option-checks.ts';
import { defaultHighpassHz, denoiseChoices, speechChannels, type SpeechChannel } from '../speech/prepare-options.ts';
import { canCopy } from './audio-codecs.ts';
import { chooseChannel } from './choose-channel.ts';
import { copy, encode, openConversion, type ConvertedAudio, type ConvertOptions } from './convert.ts';

/** Options of `extractAudio`. */
export interface ExtractAudioOptions extends ConvertOptions {
  /** Whether the sound is coded anew even where the container takes it as it is. Default false; any choice of codec, bit rate, rate or channels asks for it too. */
  readonly reencode?: boolean;
}

/** Options of `denoise`. */
export interface DenoiseOptions extends ConvertOptions {
  /** At most 10 dB (`light`) or 16 dB (`medium`) of steady noise are taken away. Default `light`. */
  readonly strength?: Exclude<Denoise, 'off'>;
}

/** Options of `highpass`. */
export interface HighpassOptions extends ConvertOptions {
  /** Corner in Hz, 10 to 4,000. Default 80. */
  readonly highpassHz?: number;
}

/** Options of `toMono`. */
export interface ToMonoOptions extends Omit<ConvertOptions, 'channels'> {
  /** Default `mix`. */
  readonly channel?: SpeechChannel;
}

/** Sound of one channel. */
export interface MonoAudio extends ConvertedAudio {
  /** What was taken. */
  readonly channel: Exclude<SpeechChannel, 'loudest'>;
  /** Whether the two channels are each other's opposite, so that the louder one was taken instead of their mix. */
  readonly antiPhase: boolean;
}

/** Options of `resample`. */
export interface ResampleOptions extends Omit<ConvertOptions, 'sampleRate'> {
  /** Hz. */
  readonly sampleRate: number;
}

/** Implements `Ffmpeg.convert`. */
export async function convert(file: string, outFile: string, options: ConvertOptions, context: MediaContext): Promise<ConvertedAudio> {
  return encode(await openConversion(file, outFile, options, context), []);
}

/** Implements `Ffmpeg.extractAudio`. */
export async function extractAudio(file: string, outFile: string, options: ExtractAudioOptions, context: MediaContext): Promise<ConvertedAudio> {
  const { reencode = false, codec, bitRate, sampleRate, channels } = options;
  const conversion = await openConversion(file, outFile, options, context);
  const asIs = !reencode && codec === undefined && bitRate === undefined && sampleRate === undefined && channels === undefined;
  return asIs && canCopy(conversion.target, conversion.media.stream.codec) ? copy(conversion) : encode(conversion, []);
}

/** Implements `Ffmpeg.denoise`. */
export async function denoise(file: string, outFile: string, options: DenoiseOptions, context: MediaContext): Promise<ConvertedAudio> {
  const { strength = 'light' } = options;
  requireChoice('strength', strength, denoiseChoices.filter((choice) => choice !== 'off'));
  return encode(await openConversion(file, outFile, options, context), [denoiseFilter(strength)]);
}

/** Implements `Ffmpeg.highpass`. */
export async function highpass(file: string, outFile: string, options: HighpassOptions, context: MediaContext): Promise<ConvertedAudio> {
  const { highpassHz = defaultHighpassHz } = options;
  requireNumber('highpassHz', highpassHz, 10, 4_000);
  return encode(await openConversion(file, outFile, options, context), [`highpass=f=${highpassHz}`]);
}

/** Implements `Ffmpeg.toMono`. */
export async function toMono(file: string, outFile: string, options: ToMonoOptions, context: MediaContext): Promise<MonoAudio> {
  const { channel = 'mix' } = options;
  requireChoice('channel', channel, speechChannels);
  const conversion = await openConversion(file, outFile, { ...options, channels: 1 }, context);
  const chosen = await chooseChannel(conversion, channel);
  const filters = { mix: 'aformat=channel_layouts=mono', left: 'pan=mono|c0=c0', right: 'pan=mono|c0=c1' };
  const { warnings, ...written } = await encode(conversion, [filters[chosen.channel]]);
  return Object.freeze({ ...written, channel: chosen.channel, antiPhase: chosen.antiPhase, warnings: [...warnings, ...chosen.warnings] });
}

/** Implements `Ffmpeg.resample`. */
export async function resample(file: string, outFile: string, options: ResampleOptions, context: MediaContext): Promise<ConvertedAudio> {
  requireWhole('sampleRate', options.sampleRate, 4_000, 192_000);
  return encode(await openConversion(file, outFile, options, context), []);
}

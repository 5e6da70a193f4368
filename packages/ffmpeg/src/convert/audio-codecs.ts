import { extname } from 'node:path';
import { invalidOption, requireWhole } from '../option-checks.ts';

/** How sound is coded. `pcm16`, `pcm24`, `float`, `flac` and `alac` lose nothing that they are given. */
export type AudioCodec = 'pcm16' | 'pcm24' | 'float' | 'flac' | 'alac' | 'mp3' | 'aac' | 'opus' | 'vorbis';

interface CodecFacts {
  /** By ffmpeg's name. */
  readonly encoder: string;
  /** Bits a second that its bit rate may have; undefined for codecs without one. */
  readonly bitRates?: readonly [number, number];
  /** Sample rates that it knows; undefined: any. */
  readonly sampleRates?: readonly number[];
  readonly mostChannels: number;
  /** Options that it needs. */
  readonly args?: readonly string[];
}

const mp3Rates = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const;
const aacRates = [...mp3Rates, 64_000, 88_200, 96_000] as const;
const opusRates = [8_000, 12_000, 16_000, 24_000, 48_000] as const;

const codecs: Readonly<Record<AudioCodec, CodecFacts>> = Object.freeze({
  pcm16: { encoder: 'pcm_s16le', mostChannels: 64 },
  pcm24: { encoder: 'pcm_s24le', mostChannels: 64 },
  float: { encoder: 'pcm_f32le', mostChannels: 64 },
  flac: { encoder: 'flac', mostChannels: 8 },
  alac: { encoder: 'alac', mostChannels: 8 },
  mp3: { encoder: 'libmp3lame', bitRates: [8_000, 320_000], sampleRates: mp3Rates, mostChannels: 2 },
  aac: { encoder: 'aac', bitRates: [8_000, 512_000], sampleRates: aacRates, mostChannels: 8 },
  opus: { encoder: 'libopus', bitRates: [6_000, 510_000], sampleRates: opusRates, mostChannels: 8 },
  vorbis: { encoder: 'libvorbis', bitRates: [16_000, 500_000], mostChannels: 8 },
});

/** What each codec is encoded with, by ffmpeg's names. */
export const encoders: Readonly<Record<AudioCodec, string>> = Object.freeze(Object.fromEntries(Object.entries(codecs).map(([codec, { encoder }]) => [codec, encoder])) as Record<AudioCodec, string>);

/** What a container holds: first the codec that is used unless another is asked for. Then the codecs of inputs, by ffmpeg's names, that it takes as they are. */
const containers: Readonly<Record<string, { readonly codecs: readonly [AudioCodec, ...AudioCodec[]]; readonly copies: readonly string[] }>> = Object.freeze({
  '.wav': { codecs: ['pcm16', 'pcm24', 'float'], copies: ['pcm_s16le', 'pcm_s24le', 'pcm_f32le', 'pcm_u8'] },
  '.w64': { codecs: ['pcm16', 'pcm24', 'float'], copies: ['pcm_s16le', 'pcm_s24le', 'pcm_f32le'] },
  '.flac': { codecs: ['flac'], copies: ['flac'] },
  '.mp3': { codecs: ['mp3'], copies: ['mp3'] },
  '.m4a': { codecs: ['aac', 'alac'], copies: ['aac', 'alac'] },
  '.ogg': { codecs: ['opus', 'vorbis', 'flac'], copies: ['opus', 'vorbis', 'flac'] },
  '.oga': { codecs: ['opus', 'vorbis', 'flac'], copies: ['opus', 'vorbis', 'flac'] },
  '.opus': { codecs: ['opus'], copies: ['opus'] },
  '.webm': { codecs: ['opus', 'vorbis'], copies: ['opus', 'vorbis'] },
  '.mka': { codecs: ['opus', 'vorbis', 'flac', 'aac', 'mp3', 'pcm16', 'pcm24', 'float'], copies: ['opus', 'vorbis', 'flac', 'aac', 'mp3', 'ac3', 'eac3', 'pcm_s16le', 'pcm_s24le', 'pcm_f32le'] },
});

/** What an output is encoded with. */
export interface Encoding {
  readonly codec: AudioCodec;
  /** Options for ffmpeg. */
  readonly args: readonly string[];
}

/** What is asked of an encoding; all may be left out. */
export interface EncodingRequest {
  readonly codec?: AudioCodec;
  /** Bits a second, of codecs that have a bit rate. */
  readonly bitRate?: number;
  /** Hz. */
  readonly sampleRate?: number;
}

/** The encoding of an output by its name and what is asked for. Throws `INVALID_OPTION`. */
export function encodingOf(file: string, { codec: asked, bitRate, sampleRate }: EncodingRequest): Encoding {
  const { codecs: held } = containerOf(file);
  const codec = asked ?? held[0];
  if (!held.includes(codec)) throw invalidOption('codec', `one that ${extname(file)} holds (${held.join(', ')})`, asked);
  const { encoder, bitRates, sampleRates } = codecs[codec];
  if (sampleRate !== undefined) requireWhole('sampleRate', sampleRate, 4_000, 192_000);
  if (sampleRate !== undefined && sampleRates?.includes(sampleRate) === false) throw invalidOption('sampleRate', `a rate that ${codec} knows (${sampleRates.join(', ')})`, sampleRate);
  if (bitRate !== undefined && bitRates === undefined) throw invalidOption('bitRate', `absent: ${codec} has none`, bitRate);
  if (bitRate !== undefined && bitRates !== undefined) requireWhole('bitRate', bitRate, ...bitRates);
  return Object.freeze({ codec, args: ['-c:a', encoder, ...(bitRate === undefined ? [] : ['-b:a', String(bitRate)]), ...(sampleRate === undefined ? [] : ['-ar', String(sampleRate)])] });
}

/** The rate that a codec is given for sound of this rate, and how many channels it can hold. */
export function fittingSound(codec: AudioCodec, sampleRate: number, channels: number): { readonly sampleRate: number; readonly channels: number } {
  const { sampleRates, mostChannels } = codecs[codec];
  const rate = sampleRates === undefined || sampleRates.includes(sampleRate) ? sampleRate : (sampleRates.find((known) => known >= sampleRate) ?? sampleRates.at(-1) ?? sampleRate);
  return { sampleRate: rate, channels: channels > mostChannels ? 2 : channels };
}

/** Whether a file of this name takes sound of this codec, by ffmpeg's name, as it is. */
export function canCopy(file: string, codec: string): boolean {
  return containerOf(file).copies.includes(codec);
}

function containerOf(file: string): (typeof containers)[string] {
  const found = containers[extname(file).toLowerCase()];
  if (found === undefined) throw invalidOption('outFile', `a name that ends in one of ${Object.keys(containers).join(' ')}`, file);
  return found;
}

import { MediaJobError } from '@media-jobs/foundation';
import type { FileCursor } from './file-cursor.ts';

/** The sizes of a model, as its file declares them; names as in whisper.cpp. */
export interface ModelHeader {
  readonly vocabulary: number;
  readonly audioContext: number;
  readonly audioState: number;
  readonly audioHeads: number;
  readonly audioLayers: number;
  readonly textContext: number;
  readonly textState: number;
  readonly textHeads: number;
  readonly textLayers: number;
  readonly mels: number;
  readonly fileType: number;
}

/** The first four bytes of a Whisper model in ggml format, as a little-endian number. */
const magic = 0x67_67_6d_6c;
/** Below the first, whisper.cpp writes out of bounds; above the second, it refuses to load. */
const smallestVocabulary = 50_364;
const largestVocabulary = 51_866;
/** From here on the vocabulary has tokens for languages. */
export const multilingualVocabulary = 51_865;

const bounds: Readonly<Record<Exclude<keyof ModelHeader, 'fileType'>, readonly [least: number, most: number]>> = {
  vocabulary: [smallestVocabulary, largestVocabulary],
  audioContext: [1, 65_536],
  audioState: [1, 16_384],
  audioHeads: [1, 1024],
  audioLayers: [0, 256],
  textContext: [1, 65_536],
  textState: [1, 16_384],
  textHeads: [1, 1024],
  textLayers: [1, 256],
  mels: [1, 1024],
};

/** Everything wrong with a model file is one error with the same advice. */
export function modelInvalid(file: string, message: string, facts: Readonly<Record<string, unknown>> = {}): MediaJobError {
  return new MediaJobError('MODEL_INVALID', {
    message,
    advice: 'Download the model again and compare its size and checksum with the publisher\'s; files named ggml-*.bin from the whisper.cpp project fit.',
    facts: { path: file, ...facts },
  });
}

/** What people mistake for a model, by the first bytes. */
const mistaken: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^GGUF/u, 'a GGUF file, which is for language models'],
  [/^version https:\/\/git-lfs/u, 'a Git LFS pointer in place of the file'],
  [/^\s*<(?:!doctype|html|\?xml)/iu, 'a web page, so the download was an error page'],
  [/^PK[^\w\s]{2}/u, 'a zip archive or a PyTorch checkpoint'],
  [/^.{0,8}\{"/su, 'a JSON or safetensors file'],
  [/^[\t\n\r\u0020-\u007E]{16,}/u, 'a text file'],
];

/** Says what a file is that does not begin as a model does. */
export function describeStranger(start: Buffer): string {
  const text = start.toString('latin1');
  return mistaken.find(([pattern]) => pattern.test(text))?.[1] ?? `a file that begins with ${start.subarray(0, 4).toString('hex')}`;
}

/** Reads and checks the first 48 bytes. Throws `MODEL_INVALID`. */
export async function readModelHeader(cursor: FileCursor, file: string): Promise<ModelHeader> {
  const start = Buffer.from(await cursor.take(Math.min(64, cursor.left)));
  if (start.length < 48 || start.readUInt32LE(0) !== magic) throw modelInvalid(file, `Expected a Whisper model in ggml format, got ${start.length === 0 ? 'an empty file' : describeStranger(start)}.`);
  const at = (index: number): number => start.readInt32LE(4 * index);
  const header: ModelHeader = {
    vocabulary: at(1), audioContext: at(2), audioState: at(3), audioHeads: at(4), audioLayers: at(5), textContext: at(6),
    textState: at(7), textHeads: at(8), textLayers: at(9), mels: at(10), fileType: at(11),
  };
  checkHeader(header, file);
  return header;
}

/** Where the header ends and the mel filters begin. */
export const headerBytes = 48;

function checkHeader(header: ModelHeader, file: string): void {
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = header[name as keyof ModelHeader];
    if (value < least || value > most) throw modelInvalid(file, `Expected \`${name}\` of the model to be ${least} to ${most}, got ${value}.`, { header });
  }
  if (header.audioState !== header.textState) {
    throw modelInvalid(file, `Expected the two halves of the model to have the same width, got ${header.audioState} and ${header.textState}.`, { header });
  }
  if (header.audioState % header.audioHeads !== 0 || header.textState % header.textHeads !== 0) {
    throw modelInvalid(file, 'Expected the heads of the model to divide its width.', { header });
  }
}

const sizeNames: ReadonlyMap<number, string> = new Map([[4, 'tiny'], [6, 'base'], [12, 'small'], [24, 'medium'], [32, 'large']]);

/** The published size that the layers stand for, such as `base` or `large-v3-turbo`; `custom` when there is none. */
export function modelType(header: ModelHeader): string {
  const size = sizeNames.get(header.audioLayers);
  if (size === undefined) return 'custom';
  const generation = size === 'large' && header.vocabulary === largestVocabulary ? 'large-v3' : size;
  if (header.textLayers === header.audioLayers) return generation;
  if (header.textLayers === 2) return `distil-${generation}`;
  return size === 'large' && header.textLayers === 4 ? `${generation}-turbo` : 'custom';
}

/** Weights, in millions, from the layers alone: a measure of how long one window takes. */
export function modelParametersMillions(header: ModelHeader): number {
  const square = header.audioState ** 2;
  return (square * (12 * header.audioLayers + 16 * header.textLayers) + header.textState * header.vocabulary) / 1e6;
}

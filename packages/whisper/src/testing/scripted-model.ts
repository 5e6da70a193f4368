import { writeFileSync } from 'node:fs';

/** What a scripted model says in each window of 30 s, whatever it hears. */
export interface ScriptedSegment {
  /** Seconds within the window, in steps of 0.02; each time may be used once. */
  readonly start: number;
  readonly end: number;
  /** Written as it stands: give a leading blank where a real model would. */
  readonly text: string;
}

export interface ScriptedModelOptions {
  /** Default: one segment, `Hello world.`, from 0 to 2 s. */
  readonly segments?: readonly ScriptedSegment[];
  /** Starts over instead of ending. */
  readonly loop?: boolean;
  /** Says that it hears English, whatever it hears. */
  readonly multilingual?: boolean;
  /** What it says when it is to translate; a multilingual one only, and at times that `segments` do not use, the first at 0.04 s at the latest. Default: the same. */
  readonly translation?: readonly ScriptedSegment[];
  /** Positions of the encoder; few of them make it fast. Default 64. */
  readonly audioContext?: number;
}

interface Tokens {
  readonly end: number;
  readonly start: number;
  readonly firstLanguage: number;
  readonly translate: number;
  readonly transcribe: number;
  readonly firstTime: number;
  readonly vocabulary: number;
}

function tokensOf(multilingual: boolean): Tokens {
  const shift = multilingual ? 1 : 0;
  return { end: 50_256 + shift, start: 50_257 + shift, firstLanguage: 50_258 + shift, translate: 50_357 + shift, transcribe: 50_358 + shift, firstTime: 50_363 + shift, vocabulary: 51_864 + shift };
}

/** A float as the bits of a half: normal numbers and zero, which are all that is needed here. */
function half(value: number): number {
  if (value === 0) return 0;
  const size = Math.abs(value);
  const exponent = Math.floor(Math.log2(size));
  return (value < 0 ? 0x80_00 : 0) | ((exponent + 15) << 10) | Math.round((size / 2 ** exponent - 1) * 1024);
}

type Entries = readonly (readonly [index: number, value: number])[];

/** Writes the parts of a ggml file one after another. */
class ModelWriter {
  readonly parts: Buffer[] = [];

  int32(...values: readonly number[]): void {
    const buffer = Buffer.alloc(4 * values.length);
    values.forEach((value, index) => buffer.writeInt32LE(value, 4 * index));
    this.parts.push(buffer);
  }

  /** `sizes` start with the fastest dimension; all values are `fill` but for `entries`. */
  tensor(name: string, sizes: readonly number[], kind: 'half' | 'float', { fill = 0, entries = [] }: { fill?: number; entries?: Entries } = {}): void {
    const count = sizes.reduce((product, size) => product * size, 1);
    const data = Buffer.alloc(count * (kind === 'half' ? 2 : 4));
    const put = (index: number, value: number): number => (kind === 'half' ? data.writeUInt16LE(half(value), 2 * index) : data.writeFloatLE(value, 4 * index));
    if (fill !== 0) for (let index = 0; index < count; index += 1) put(index, fill);
    for (const [index, value] of entries) put(index, value);
    this.int32(sizes.length, name.length, kind === 'half' ? 1 : 0, ...sizes);
    this.parts.push(Buffer.from(name), data);
  }
}

/** Width of the model, and so the number of steps that a script can have. */
const width = 128;

/** Attention that looks nowhere: all weights are zero. */
function writeAttention(writer: ModelWriter, prefix: string): void {
  writer.tensor(`${prefix}_ln.weight`, [width], 'float', { fill: 1 });
  writer.tensor(`${prefix}_ln.bias`, [width], 'float');
  for (const part of ['query', 'key', 'value', 'out']) {
    writer.tensor(`${prefix}.${part}.weight`, [width, width], 'half');
    if (part !== 'key') writer.tensor(`${prefix}.${part}.bias`, [width], 'float');
  }
}

interface Lookup {
  readonly into: Entries;
  readonly threshold: Entries;
  readonly out: Entries;
}

function writeBlock(writer: ModelWriter, prefix: string, attention: readonly string[], lookup?: Lookup): void {
  for (const name of attention) writeAttention(writer, `${prefix}.${name}`);
  writer.tensor(`${prefix}.mlp_ln.weight`, [width], 'float', { fill: 1 });
  writer.tensor(`${prefix}.mlp_ln.bias`, [width], 'float');
  writer.tensor(`${prefix}.mlp.0.weight`, [width, 4 * width], 'half', { entries: lookup?.into ?? [] });
  writer.tensor(`${prefix}.mlp.0.bias`, [4 * width], 'float', { entries: lookup?.threshold ?? [] });
  writer.tensor(`${prefix}.mlp.2.weight`, [4 * width, width], 'half', { entries: lookup?.out ?? [] });
  writer.tensor(`${prefix}.mlp.2.bias`, [width], 'float');
}

/** The perceptron of the decoder as a table: each token has a dimension of its own and raises that of the next. */
function lookupOf(pairs: readonly (readonly [from: number, to: number])[], slots: ReadonlyMap<number, number>): Lookup {
  const rows = pairs.map(([from, to]) => [slots.get(from) ?? 0, slots.get(to) ?? 0] as const);
  return {
    into: rows.map(([from]) => [from * width + from, 4]),
    threshold: rows.map(([from]) => [from, -2 * Math.sqrt(width)]),
    out: rows.map(([from, to]) => [to * 4 * width + from, 20]),
  };
}

interface Script {
  readonly first: number;
  readonly pairs: readonly (readonly [number, number])[];
}

function chainOf(segments: readonly ScriptedSegment[], loop: boolean, tokens: Tokens, idOf: (text: string) => number): Script {
  const at = (seconds: number): number => tokens.firstTime + Math.round(seconds * 50);
  const body = segments.flatMap(({ start, end, text }) => [at(start), idOf(text), at(end)]);
  const chain = loop ? [...body.slice(0, 2), body[1] ?? 0] : [...body, tokens.end];
  return { first: chain[0] ?? 0, pairs: chain.slice(1).map((token, index) => [chain[index] ?? 0, token] as const) };
}

function scriptOf({ segments, translation, loop = false }: Required<Pick<ScriptedModelOptions, 'segments'>> & ScriptedModelOptions, tokens: Tokens, idOf: (text: string) => number): (readonly [number, number])[] {
  const said = chainOf(segments, loop, tokens, idOf);
  if (tokens.start === 50_257) return [[tokens.start, said.first], ...said.pairs];
  const translated = translation === undefined ? { first: said.first, pairs: [] } : chainOf(translation, loop, tokens, idOf);
  return [[tokens.start, tokens.firstLanguage], [tokens.transcribe, said.first], [tokens.translate, translated.first], ...said.pairs, ...translated.pairs];
}

/** A whisper.cpp model without any training that says what it is told; for tests of plumbing, never of recognition. */
export function scriptedModel({ segments = [{ start: 0, end: 2, text: 'Hello world.' }], multilingual = false, audioContext = 64, ...script }: ScriptedModelOptions = {}): Buffer {
  const tokens = tokensOf(multilingual);
  // whisper.cpp needs a word that is one blank.
  const words = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]));
  const idOf = (text: string): number => words.push(Buffer.from(text)) - 1;
  const pairs = scriptOf({ segments, ...script }, tokens, idOf);
  const slots = new Map([...new Set(pairs.flat())].map((token, slot) => [token, slot]));
  if (slots.size > width) throw new RangeError(`Expected a script of at most ${width} steps, got ${slots.size}.`);
  const writer = new ModelWriter();
  writer.int32(0x67_67_6d_6c, tokens.vocabulary, audioContext, width, 1, 1, 448, width, 1, 1, 80, 1, 80, 201);
  writer.parts.push(Buffer.alloc(4 * 80 * 201));
  writer.int32(words.length);
  for (const word of words) {
    writer.int32(word.length);
    writer.parts.push(word);
  }
  writeEncoder(writer, audioContext);
  writeDecoder(writer, tokens.vocabulary, slots, lookupOf(pairs, slots));
  return Buffer.concat(writer.parts);
}

function writeEncoder(writer: ModelWriter, audioContext: number): void {
  writer.tensor('encoder.positional_embedding', [width, audioContext], 'float');
  writer.tensor('encoder.conv1.weight', [3, 80, width], 'half');
  writer.tensor('encoder.conv1.bias', [1, width], 'float');
  writer.tensor('encoder.conv2.weight', [3, width, width], 'half');
  writer.tensor('encoder.conv2.bias', [1, width], 'float');
  writeBlock(writer, 'encoder.blocks.0', ['attn']);
  writer.tensor('encoder.ln_post.weight', [width], 'float', { fill: 1 });
  writer.tensor('encoder.ln_post.bias', [width], 'float');
}

function writeDecoder(writer: ModelWriter, vocabulary: number, slots: ReadonlyMap<number, number>, lookup: Lookup): void {
  writer.tensor('decoder.positional_embedding', [width, 448], 'float');
  writer.tensor('decoder.token_embedding.weight', [width, vocabulary], 'half', { entries: [...slots].map(([token, slot]) => [token * width + slot, 4]) });
  writeBlock(writer, 'decoder.blocks.0', ['attn', 'cross_attn'], lookup);
  writer.tensor('decoder.ln.weight', [width], 'float', { fill: 2 });
  writer.tensor('decoder.ln.bias', [width], 'float');
}

/** Writes the model to `file` and returns the path. */
export function writeScriptedModel(file: string, options?: ScriptedModelOptions): string {
  writeFileSync(file, scriptedModel(options));
  return file;
}

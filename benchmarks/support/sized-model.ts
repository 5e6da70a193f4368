import { closeSync, openSync, writeSync } from 'node:fs';

/** Dimensions of published models. */
export const sizes = { tiny: { width: 384, heads: 6, layers: 4 }, base: { width: 512, heads: 8, layers: 6 }, small: { width: 768, heads: 12, layers: 12 } } as const;
export type Size = keyof typeof sizes;

/** Of the English vocabulary. */
const [end, start, firstTime, vocabulary] = [50_256, 50_257, 50_363, 51_864];
const [audioContext, textContext, mels] = [1500, 448, 80];

/** Random halves of about 0.02 either way, the same at each call. */
function* halves(): Generator<number, never> {
  for (let state = 20_261_128; ;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield ((state & 1) << 15) | (9 << 10) | ((state >>> 8) & 0x3_ff);
  }
}

/** Numbers that are not zero; in weights as the bits of halves. */
type Entries = readonly (readonly [index: number, value: number])[];

/** A few numbers as the bits of a half. */
const half = { 4: 0x44_00, 20: 0x4d_00 } as const;

/** Writes the parts of a ggml file. */
class SizedWriter {
  readonly #descriptor: number;
  readonly #random = halves();
  readonly width: number;

  constructor(descriptor: number, width: number) {
    this.#descriptor = descriptor;
    this.width = width;
  }

  int32(...values: readonly number[]): void {
    writeSync(this.#descriptor, Buffer.from(Int32Array.from(values).buffer));
  }

  bytes(bytes: Buffer): void {
    writeSync(this.#descriptor, bytes);
  }

  floats(name: string, ne: readonly number[], fill = 0, entries: Entries = []): void {
    const data = new Float32Array(this.#head(name, ne, 0)).fill(fill);
    for (const [index, value] of entries) data[index] = value;
    this.bytes(Buffer.from(data.buffer));
  }

  weights(name: string, ne: readonly number[], entries: Entries | 'random' = []): void {
    const data = new Uint16Array(this.#head(name, ne, 1));
    if (entries === 'random') for (let index = 0; index < data.length; index += 1) data[index] = this.#random.next().value;
    else for (const [index, bits] of entries) data[index] = bits;
    this.bytes(Buffer.from(data.buffer));
  }

  attention(prefix: string, fill: Entries | 'random'): void {
    const { width } = this;
    this.floats(`${prefix}_ln.weight`, [width], 1);
    this.floats(`${prefix}_ln.bias`, [width]);
    for (const part of ['query', 'key', 'value', 'out']) {
      this.weights(`${prefix}.${part}.weight`, [width, width], fill);
      if (part !== 'key') this.floats(`${prefix}.${part}.bias`, [width]);
    }
  }

  perceptron(prefix: string, { into = [], threshold = [], out = [] }: Perceptron): void {
    const { width } = this;
    this.floats(`${prefix}.mlp_ln.weight`, [width], 1);
    this.floats(`${prefix}.mlp_ln.bias`, [width]);
    this.weights(`${prefix}.mlp.0.weight`, [width, 4 * width], into);
    this.floats(`${prefix}.mlp.0.bias`, [4 * width], 0, threshold);
    this.weights(`${prefix}.mlp.2.weight`, [4 * width, width], out);
    this.floats(`${prefix}.mlp.2.bias`, [width]);
  }

  /** Returns how many numbers follow. */
  #head(name: string, ne: readonly number[], kind: 0 | 1): number {
    this.int32(ne.length, name.length, kind, ...ne);
    this.bytes(Buffer.from(name));
    return ne.reduce((product, one) => product * one, 1);
  }
}

interface Perceptron {
  readonly into?: Entries | 'random';
  readonly threshold?: Entries;
  readonly out?: Entries | 'random';
}

function writeHead(writer: SizedWriter, { heads, layers }: { readonly heads: number; readonly layers: number }): void {
  const { width } = writer;
  writer.int32(0x67_67_6d_6c, vocabulary, audioContext, width, heads, layers, textContext, width, heads, layers, mels, 1, mels, 201);
  // Filters of zeros hear silence, which costs the same.
  writer.bytes(Buffer.alloc(4 * mels * 201));
  // The 256 bytes, and the one word that it says.
  const words = [...Array.from({ length: 256 }, (_, byte) => Buffer.from([byte])), Buffer.from(' word')];
  writer.int32(words.length);
  for (const word of words) {
    writer.int32(word.length);
    writer.bytes(word);
  }
}

function writeEncoder(writer: SizedWriter, layers: number): void {
  const { width } = writer;
  writer.floats('encoder.positional_embedding', [width, audioContext]);
  writer.weights('encoder.conv1.weight', [3, mels, width], 'random');
  writer.floats('encoder.conv1.bias', [1, width]);
  writer.weights('encoder.conv2.weight', [3, width, width], 'random');
  writer.floats('encoder.conv2.bias', [1, width]);
  for (let layer = 0; layer < layers; layer += 1) {
    writer.attention(`encoder.blocks.${layer}.attn`, 'random');
    writer.perceptron(`encoder.blocks.${layer}`, { into: 'random', out: 'random' });
  }
  writer.floats('encoder.ln_post.weight', [width], 1);
  writer.floats('encoder.ln_post.bias', [width]);
}

/** Its last perceptron is a table from each token to the next: start, 0 s, the word, 8 s, end. */
function writeDecoder(writer: SizedWriter, layers: number): void {
  const { width } = writer;
  const chain = [start, firstTime, 256, firstTime + 400, end];
  const steps = chain.slice(1).map((_, slot) => [slot, slot + 1] as const);
  const script: Perceptron = {
    into: steps.map(([from]) => [from * width + from, half[4]]),
    threshold: steps.map(([from]) => [from, -2 * Math.sqrt(width)]),
    out: steps.map(([from, to]) => [to * 4 * width + from, half[20]]),
  };
  writer.floats('decoder.positional_embedding', [width, textContext]);
  writer.weights('decoder.token_embedding.weight', [width, vocabulary], chain.map((token, slot) => [token * width + slot, half[4]] as const));
  for (let layer = 0; layer < layers; layer += 1) {
    for (const name of ['attn', 'cross_attn']) writer.attention(`decoder.blocks.${layer}.${name}`, []);
    writer.perceptron(`decoder.blocks.${layer}`, layer === layers - 1 ? script : {});
  }
  writer.floats('decoder.ln.weight', [width], 2);
  writer.floats('decoder.ln.bias', [width]);
}

/**
 * Writes a whisper.cpp model of a published size whose encoder is random, and whose decoder says one word for each window and ends: it costs what a real
 * model's encoder and load cost, and little for decoding. It knows nothing.
 */
export function writeSizedModel(file: string, size: Size): string {
  const { width, layers } = sizes[size];
  const descriptor = openSync(file, 'w');
  try {
    const writer = new SizedWriter(descriptor, width);
    writeHead(writer, sizes[size]);
    writeEncoder(writer, layers);
    writeDecoder(writer, layers);
  } finally {
    closeSync(descriptor);
  }
  return file;
}

import type { Random } from './random.ts';

/** What is done to a good file. */
export interface Mutation {
  readonly name: string;
  /** How many files are made by it of each base, in the whole corpus. */
  readonly count: number;
  readonly change: (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;
  /** The end of the name, where it shall not be that of the base. */
  readonly extension?: (random: Random) => string;
}

const extensions = ['mp3', 'wav', 'mp4', 'mkv', 'flac', 'ogg', 'ts', 'avi', 'aac', 'txt', 'm3u8'];
const hugeNumbers = [0xffff_ffff, 0x7fff_ffff, 0x8000_0000, 0];

function flipped(bytes: Buffer, random: Random, flips: number, within: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let flip = 0; flip < flips; flip += 1) {
    const at = random.whole(Math.min(within, copy.length));
    copy[at] = (copy[at] as number) ^ (1 << random.whole(8));
  }
  return copy;
}

function place(bytes: Buffer, random: Random): number {
  return random.whole(bytes.length);
}

export const mutations: readonly Mutation[] = [
  { name: 'none', count: 1, change: (bytes) => bytes },
  { name: 'cut', count: 22, change: (bytes, random) => bytes.subarray(0, Math.max(1, Math.floor(bytes.length * (0.02 + 0.9 * random.next())))) },
  { name: 'head only', count: 6, change: (bytes, random) => bytes.subarray(0, 12 + random.whole(4_096)) },
  { name: 'bits flipped', count: 18, change: (bytes, random) => flipped(bytes, random, Math.ceil(bytes.length * 10 ** (-4 + 2.5 * random.next())), bytes.length) },
  { name: 'bits of the head flipped', count: 18, change: (bytes, random) => flipped(bytes, random, 1 + random.whole(40), 4_096) },
  {
    name: 'huge number in the head',
    count: 12,
    change(bytes, random) {
      const copy = Buffer.from(bytes);
      copy.writeUInt32BE(hugeNumbers[random.whole(hugeNumbers.length)] as number, random.whole(Math.min(600, copy.length - 4)));
      return copy;
    },
  },
  { name: 'zeros behind', count: 3, change: (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.whole(400_000))]) },
  {
    name: 'zeros within',
    count: 4,
    change(bytes, random) {
      const start = place(bytes, random);
      return Buffer.from(bytes).fill(0, start, Math.min(bytes.length, start + 1 + random.whole(20_000)));
    },
  },
  {
    name: 'zeros from the middle on',
    count: 3,
    change: (bytes, random) => Buffer.from(bytes).fill(0, Math.floor(bytes.length * (0.2 + 0.6 * random.next()))),
  },
  {
    name: 'noise within',
    count: 4,
    change(bytes, random) {
      const copy = Buffer.from(bytes);
      const start = place(copy, random);
      for (let at = start; at < Math.min(copy.length, start + 3_000); at += 1) copy[at] = random.whole(256);
      return copy;
    },
  },
  {
    name: 'piece taken out',
    count: 4,
    change(bytes, random) {
      const start = place(bytes, random);
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + random.whole(8_000))]);
    },
  },
  { name: 'start missing', count: 2, change: (bytes, random) => bytes.subarray(1 + random.whole(Math.floor(bytes.length / 2))) },
  { name: 'twice in a row', count: 1, change: (bytes) => Buffer.concat([bytes, bytes]) },
  { name: 'another file behind', count: 3, change: (bytes, random, others) => Buffer.concat([bytes, others[random.whole(others.length)] as Buffer]) },
  { name: 'wrong name', count: 2, change: (bytes) => bytes, extension: (random) => extensions[random.whole(extensions.length)] as string },
];

import { cut, unknown, whole, type Ending } from './ending.ts';
import type { ByteReader } from './byte-reader.ts';

/** A chunk after its head: what it holds, and where. */
interface Chunk {
  readonly name: string;
  /** Where its content starts. */
  readonly start: number;
  /** Bytes of content that its head declares. */
  readonly size: number;
}

/** How the chunks of a container are laid out. */
interface Layout {
  /** Where the first chunk starts. */
  readonly first: number;
  readonly headBytes: number;
  readonly read: (head: Buffer, offset: number) => Chunk;
  /** Where the chunk after one starts. */
  readonly next: (chunk: Chunk) => number;
}

/** A file with more before its samples is not worth the search. */
const mostChunks = 1_000;
/** Some writers promise a few samples too many, in seconds. */
const roundingSeconds = 0.1;
const noLength = 'its writer did not know the length';
const fromHere = 'the samples end before the number of bytes that the header promises';

/** The chunk called `wanted`; the chunks before it are shown to `see`. Undefined when the file ends first, or has too many. */
async function findChunk(reader: ByteReader, { first, headBytes, read, next }: Layout, wanted: string, see?: (chunk: Chunk) => Promise<void>): Promise<Chunk | undefined> {
  let offset = first;
  for (let count = 0; count < mostChunks; count += 1) {
    const head = await reader.read(offset, headBytes);
    if (head.length < headBytes) return undefined;
    const chunk = read(head, offset);
    if (chunk.name === wanted) return chunk;
    await see?.(chunk);
    offset = next(chunk);
  }
  return undefined;
}

function endOf({ size: bytes }: ByteReader, chunk: Chunk | undefined, toleranceBytes: number, declared: number | undefined): Ending {
  if (chunk === undefined) return cut('it ends before its samples start', bytes);
  if (declared === undefined) return unknown(noLength);
  const end = chunk.start + declared;
  return end > bytes + toleranceBytes ? cut(fromHere, bytes, end) : whole;
}

const even = (chunk: Chunk): number => chunk.start + chunk.size + (chunk.size % 2);
const longest32 = 0x7fff_ffff;

/** WAV with 32-bit sizes, and its relatives RF64 and BW64 that keep the true ones in a chunk of their own. */
export async function wavEnding(reader: ByteReader): Promise<Ending> {
  const layout: Layout = { first: 12, headBytes: 8, read: (head, offset) => ({ name: head.toString('latin1', 0, 4), size: head.readUInt32LE(4), start: offset + 8 }), next: even };
  const is64 = (await reader.read(0, 4)).toString('latin1') !== 'RIFF';
  let long: number | undefined;
  let bytesPerSecond = 0;
  const data = await findChunk(reader, layout, 'data', async ({ name, start }) => {
    const content = await reader.read(start, 16);
    if (content.length < 16) return;
    if (name === 'ds64') long = Number(content.readBigUInt64LE(8));
    if (name === 'fmt ') bytesPerSecond = content.readUInt32LE(8);
  });
  const stated = data !== undefined && data.size > 0 && data.size < longest32 ? data.size : undefined;
  return endOf(reader, data, bytesPerSecond * roundingSeconds, is64 && long !== undefined && long > 0 ? long : stated);
}

/** Sony Wave64: names of 16 bytes, and 64-bit sizes that count the head. */
export async function w64Ending(reader: ByteReader): Promise<Ending> {
  const layout: Layout = {
    first: 40,
    headBytes: 24,
    read: (head, offset) => ({ name: head.toString('latin1', 0, 4), size: Math.max(0, Number(head.readBigUInt64LE(16)) - 24), start: offset + 24 }),
    next: ({ start, size }) => start + Math.ceil(size / 8) * 8,
  };
  const data = await findChunk(reader, layout, 'data');
  return endOf(reader, data, 0, data?.size === 0 ? undefined : data?.size);
}

export async function aiffEnding(reader: ByteReader): Promise<Ending> {
  const layout: Layout = { first: 12, headBytes: 8, read: (head, offset) => ({ name: head.toString('latin1', 0, 4), size: head.readUInt32BE(4), start: offset + 8 }), next: even };
  const data = await findChunk(reader, layout, 'SSND');
  // The content starts with two numbers of four bytes each.
  return endOf(reader, data, 0, data === undefined || data.size <= 8 || data.size >= longest32 ? undefined : data.size);
}

/** Apple's CAF: a size of -1 means to the end of the file. */
export async function cafEnding(reader: ByteReader): Promise<Ending> {
  const layout: Layout = {
    first: 8,
    headBytes: 12,
    read: (head, offset) => ({ name: head.toString('latin1', 0, 4), size: Number(head.readBigInt64BE(4)), start: offset + 12 }),
    next: ({ start, size }) => start + Math.max(0, size),
  };
  const data = await findChunk(reader, layout, 'data');
  return endOf(reader, data, 0, data === undefined || data.size <= 4 ? undefined : data.size);
}

/** AVI: one or more RIFF chunks that fill the file. */
export async function aviEnding(reader: ByteReader): Promise<Ending> {
  for (let offset = 0; offset < reader.size; ) {
    const head = await reader.read(offset, 8);
    if (head.toString('latin1', 0, 4) !== 'RIFF' || head.length < 8) return offset === 0 ? unknown('it does not start with a RIFF head') : whole;
    const size = head.readUInt32LE(4);
    if (size === 0 || size >= 0xffff_0000) return unknown(noLength);
    const end = offset + 8 + size;
    if (end > reader.size) return cut('it ends before the number of bytes that its head promises', reader.size, end);
    offset = end + (end % 2);
  }
  return whole;
}

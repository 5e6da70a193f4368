import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, whole, type Ending } from './ending.ts';

const [ebml, segment, cluster] = [0x1a45_dfa3, 0x1853_8067, 0x1f43_b675];
/** Elements that stand beside clusters: they end one whose size is not known. */
const besideClusters = new Set([cluster, 0x1c53_bb6b, 0x1549_a966, 0x1654_ae6b, 0x1254_c367, 0x1043_a770, 0x1941_a469, 0x114d_9b74]);
/** Two hours of blocks of 20 ms. */
const mostElements = 360_000;

interface Element {
  readonly id: number;
  readonly start: number;
  /** Undefined when the writer did not know it. */
  readonly size: number | undefined;
}

/** Matroska and WebM: elements that state their size, unless they were written live. */
export async function matroskaEnding(reader: ByteReader): Promise<Ending> {
  const head = await readElement(reader, 0);
  if (head?.id !== ebml || head.size === undefined) return unknown('it does not start with an EBML head');
  const body = await readElement(reader, head.start + head.size);
  if (body?.id !== segment) return cut('it ends within its head', reader.size);
  if (body.size === undefined) return liveEnding(reader, body.start);
  const end = body.start + body.size;
  return end > reader.size ? cut('it ends before the number of bytes that its head promises', reader.size, end) : whole;
}

async function liveEnding(reader: ByteReader, first: number): Promise<Ending> {
  let offset = first;
  for (let count = 0; offset < reader.size; count += 1) {
    if (count === mostElements) return unknown('it was written live, and has too many blocks to look at each');
    const element = await readElement(reader, offset);
    if (element === undefined) return cut('it ends within a block', offset);
    const open = element.size === undefined;
    if (open && !besideClusters.has(element.id)) return unknown('it was written live, with an element that cannot be followed');
    const end = element.start + (element.size ?? 0);
    if (end > reader.size) return cut('it ends within a block', offset, end);
    offset = end;
  }
  return unknown('it was written live, and states no length');
}

/** Undefined when the file ends within the head. */
async function readElement(reader: ByteReader, offset: number): Promise<Element | undefined> {
  const head = await reader.read(offset, 12);
  const idBytes = lengthOf(head[0]);
  const sizeBytes = lengthOf(head[idBytes]);
  if (idBytes > 4 || sizeBytes > 8 || head.length < idBytes + sizeBytes) return undefined;
  const id = head.readUIntBE(0, idBytes);
  let size = BigInt(head[idBytes] as number) & ((1n << BigInt(8 - sizeBytes)) - 1n);
  for (let index = 1; index < sizeBytes; index += 1) size = (size << 8n) | BigInt(head[idBytes + index] as number);
  const open = size === (1n << BigInt(7 * sizeBytes)) - 1n;
  return { id, start: offset + idBytes + sizeBytes, size: open ? undefined : Number(size) };
}

/** The zeros before the first one tell the bytes of a number; 9 for none. */
function lengthOf(byte = 0): number {
  return byte === 0 ? 9 : Math.clz32(byte) - 23;
}

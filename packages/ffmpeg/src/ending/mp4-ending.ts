import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, whole, type Ending } from './ending.ts';

/** What may stand at the top of a file; anything else is no box, such as the padding behind the last one. */
const boxes = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'mfra', 'free', 'skip', 'wide', 'sidx', 'ssix', 'prft', 'emsg', 'pnot', 'pdin', 'uuid', 'meta', 'udta']);
/** A day of fragments of half a second. */
const mostBoxes = 400_000;

/** MP4, MOV and their relatives: boxes that state their size. */
export async function mp4Ending(reader: ByteReader): Promise<Ending> {
  const seen = new Set<string>();
  let offset = 0;
  for (let count = 0; offset < reader.size; count += 1) {
    if (count === mostBoxes) return unknown('it has too many boxes to look at each');
    const head = await reader.read(offset, 16);
    const type = head.toString('latin1', 4, 8);
    if (!boxes.has(type)) break;
    seen.add(type);
    const size = boxSize(head);
    if (size === 0) return seen.has('moov') ? unknown('its last box goes to the end, wherever that is') : cut('it ends before its index', offset);
    if (size < 8) break;
    if (offset + size > reader.size) return cut(`it ends within the box ${type}`, offset, offset + size);
    offset += size;
  }
  return endOf(seen, offset);
}

function endOf(seen: ReadonlySet<string>, offset: number): Ending {
  if (!seen.has('moov')) return seen.has('mdat') ? cut('it ends before its index', offset) : unknown('it has no index');
  if (!seen.has('moof') || seen.has('mfra')) return whole;
  return unknown('it is written in fragments, and does not say how many');
}

function boxSize(head: Buffer): number {
  const size = head.readUInt32BE(0);
  return size === 1 && head.length === 16 ? Number(head.readBigUInt64BE(8)) : size;
}

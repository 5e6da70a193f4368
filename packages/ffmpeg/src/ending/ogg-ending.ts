import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, whole, type Ending } from './ending.ts';

/** Larger than the largest page, of 65,307 bytes. */
const tailBytes = 131_072;
const [headBytes, lastPage] = [27, 4];

/** Ogg: the last page of a stream is marked as such. */
export async function oggEnding(reader: ByteReader): Promise<Ending> {
  const start = Math.max(0, reader.size - tailBytes);
  const tail = await reader.read(start, tailBytes);
  const at = lastHead(tail);
  if (at === undefined) return unknown('no page of it was found near its end');
  const segments = tail[at + 26] as number;
  const table = tail.subarray(at + headBytes, at + headBytes + segments);
  const end = at + headBytes + segments + table.reduce((sum, bytes) => sum + bytes, 0);
  if (table.length < segments || end > tail.length) return cut('it ends within a page', start + at);
  if (((tail[at + 5] as number) & lastPage) === 0) return cut('its last page is missing', start + end);
  return whole;
}

function lastHead(tail: Buffer): number | undefined {
  for (let at = tail.lastIndexOf('OggS'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('OggS', at - 1)) {
    if (tail[at + 4] === 0 && ((tail[at + 5] ?? 0xff) & 0xf8) === 0 && at + headBytes <= tail.length) return at;
  }
  return undefined;
}

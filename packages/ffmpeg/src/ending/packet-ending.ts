import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, whole, type Ending } from './ending.ts';

/** Enough for the last packets of each stream of a film. */
const tailBytes = 2_097_152;
const [packetBytes, sync] = [188, 0x47];
const startCode = 0x0000_01;

/** MPEG transport stream: packets of one size, and pieces of sound that state theirs. */
export async function mpegTsEnding(reader: ByteReader): Promise<Ending> {
  const head = await reader.read(0, 2_048);
  const stride = [188, 192, 204].find((step) => [0, 1, 2, 3].every((index) => head[step === 192 ? 4 + index * step : index * step] === sync));
  if (stride === undefined) return unknown('its packets do not start at its beginning');
  const rest = reader.size % stride;
  if (rest !== 0) return cut('it ends within a packet', reader.size - rest);
  const count = Math.min(Math.floor(tailBytes / stride), reader.size / stride);
  const tail = await reader.read(reader.size - count * stride, count * stride);
  const missing = new Map<number, number>();
  for (let at = stride === 192 ? 4 : 0; at < tail.length; at += stride) followPacket(tail.subarray(at, at + packetBytes), missing);
  if ([...missing.values()].some((bytes) => bytes > 0)) return cut('it ends within a piece of sound', reader.size);
  return unknown('it is a row of packets, and does not say how many');
}

/** Keeps for each stream how many bytes of its last piece are still to come. */
function followPacket(packet: Buffer, missing: Map<number, number>): void {
  if (packet[0] !== sync) return;
  const pid = packet.readUInt16BE(1) & 0x1fff;
  const [starts, control] = [((packet[1] as number) & 0x40) !== 0, ((packet[3] as number) >> 4) & 3];
  if ((control & 1) === 0) return;
  const payload = packet.subarray(control === 3 ? 5 + (packet[4] as number) : 4);
  if (!starts) {
    const bytes = missing.get(pid);
    if (bytes !== undefined) missing.set(pid, bytes - payload.length);
    return;
  }
  missing.delete(pid);
  if (payload.length < 6 || payload.readUIntBE(0, 3) !== startCode) return;
  // Pieces of video may leave their length out.
  const length = payload.readUInt16BE(4);
  if (length > 0) missing.set(pid, length + 6 - payload.length);
}

/** MPEG program stream: packs of packets that state their size. */
export async function mpegPsEnding(reader: ByteReader): Promise<Ending> {
  const start = Math.max(0, reader.size - tailBytes);
  const tail = await reader.read(start, tailBytes);
  let at = tail.indexOf(Buffer.from([0, 0, 1, 0xba]));
  if (at < 0) return unknown('no pack of it was found near its end');
  while (at + 4 <= tail.length) {
    if (tail.readUIntBE(at, 3) !== startCode) return unknown('other data follows its last packet');
    const id = tail[at + 3] as number;
    if (id === 0xb9) return whole;
    const end = at + partBytes(tail, at, id);
    if (!(end <= tail.length)) return cut('it ends within a packet', start + at, start + end);
    at = end;
  }
  return at === tail.length ? unknown('it is a row of packets, and does not say how many') : cut('it ends within the head of a packet', start + at);
}

/** Bytes of a pack's head, or of a packet; not a number when the file ends within its head. */
function partBytes(tail: Buffer, at: number, id: number): number {
  if (id !== 0xba) return at + 6 <= tail.length ? 6 + tail.readUInt16BE(at + 4) : Number.NaN;
  const kind = tail[at + 4];
  if (kind === undefined) return Number.NaN;
  return kind >> 6 === 1 ? 14 + ((tail[at + 13] ?? Number.NaN) & 7) : 12;
}

/** FLV: each tag is followed by its size, so the end of the file tells whether the last one is whole. */
export async function flvEnding(reader: ByteReader): Promise<Ending> {
  const head = await reader.read(0, 4_096);
  if (head.toString('latin1', 0, 3) !== 'FLV') return unknown('it does not start as FLV does');
  const stated = statedFlvBytes(head);
  if (stated !== undefined && stated > reader.size) return cut('it ends before the number of bytes that it states', reader.size, stated);
  const end = await reader.read(reader.size - 4, 4);
  const size = end.length === 4 ? end.readUInt32BE(0) : 0;
  const tag = await reader.read(reader.size - 4 - size, 11);
  const fits = size >= 11 && tag.length === 11 && tag.readUIntBE(1, 3) + 11 === size && [8, 9, 18].includes((tag[0] as number) & 0x1f);
  if (!fits) return cut('it ends within a tag', reader.size);
  return stated === reader.size ? whole : unknown('it is a row of tags, and does not say how many');
}

/** The size that the metadata at the start states: a name, the mark of a number, and the number. */
function statedFlvBytes(head: Buffer): number | undefined {
  const at = head.indexOf('filesize');
  if (at < 0 || at + 17 > head.length || head[at + 8] !== 0) return undefined;
  const bytes = head.readDoubleBE(at + 9);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

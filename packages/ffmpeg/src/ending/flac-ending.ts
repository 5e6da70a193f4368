import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, whole, type Ending } from './ending.ts';
import { leadingTagBytes } from './frame-ending.ts';

/** A frame of 16 bits, two channels and the usual 4,096 samples has at most a quarter of it. */
const tailBytes = 65_536;

/** FLAC: the checksum of the last frame holds only when the frame is whole. */
export async function flacEnding(reader: ByteReader): Promise<Ending> {
  const start = await leadingTagBytes(reader);
  if ((await reader.read(start, 4)).toString('latin1') !== 'fLaC') return unknown('it does not start as FLAC does');
  const frames = await endOfBlocks(reader, start + 4);
  if (frames >= reader.size) return cut('it ends within its header', reader.size);
  const from = Math.max(frames, reader.size - tailBytes);
  const tail = await reader.read(from, tailBytes);
  for (let at = tail.length - 8; at >= 0; at -= 1) {
    if (!isFrameHead(tail, at)) continue;
    if (crc16(tail.subarray(at, -2)) === tail.readUInt16BE(tail.length - 2)) return whole;
    if (await isTag(reader)) return unknown('a tag follows its last frame');
    return cut('its last frame is not whole', from + at);
  }
  return unknown('no frame was found near its end');
}

/** The blocks before the first frame state their size; one bit marks the last. */
async function endOfBlocks(reader: ByteReader, first: number): Promise<number> {
  for (let offset = first; ; ) {
    const head = await reader.read(offset, 4);
    if (head.length < 4) return reader.size;
    offset += 4 + head.readUIntBE(1, 3);
    if ((head[0] as number) >= 128) return offset;
  }
}

async function isTag(reader: ByteReader): Promise<boolean> {
  return (await reader.read(reader.size - 128, 3)).toString('latin1') === 'TAG';
}

/** A sync code whose head has a right checksum of its own: no accident. */
function isFrameHead(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0xff || ((bytes[at + 1] as number) & 0xfe) !== 0xf8) return false;
  const [sizes, channels] = [bytes[at + 2] as number, bytes[at + 3] as number];
  if (sizes >> 4 === 0 || (sizes & 15) === 15 || channels >> 4 > 10 || (channels & 1) === 1) return false;
  const number = bytes[at + 4] as number;
  const numberBytes = number < 0x80 ? 1 : Math.clz32(~(number << 24));
  const extra = (sizes >> 4 === 6 ? 1 : sizes >> 4 === 7 ? 2 : 0) + ((sizes & 15) === 12 ? 1 : (sizes & 15) > 12 ? 2 : 0);
  const end = at + 4 + numberBytes + extra;
  return end < bytes.length && crc8(bytes.subarray(at, end)) === bytes[end];
}

function crc8(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
  }
  return crc;
}

function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x8005 : 0)) & 0xffff;
  }
  return crc;
}

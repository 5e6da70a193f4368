import { crc32, constants, deflateRawSync } from 'node:zlib';

const blockBytes = 1_048_576;

/** A PNG of `side` by `side` points of three bytes, all black: some hundred KB that unpack to gigabytes. Made without unpacking it here. */
function blackPng(side: number): Buffer {
  const rawBytes = side * (side * 3 + 1);
  const block = deflateRawSync(Buffer.alloc(blockBytes), { finishFlush: constants.Z_FULL_FLUSH });
  const rest = deflateRawSync(Buffer.alloc(rawBytes % blockBytes));
  const checksum = Buffer.alloc(4);
  // Adler-32 of zeros: the first sum stays 1, the second counts the bytes.
  checksum.writeUInt16BE(rawBytes % 65_521, 0);
  checksum.writeUInt16BE(1, 2);
  const packed = Buffer.concat([Buffer.from([0x78, 0x01]), ...Array.from({ length: Math.floor(rawBytes / blockBytes) }, () => block), rest, checksum]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', packed), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, content: Buffer): Buffer {
  const framed = Buffer.concat([Buffer.alloc(4), Buffer.from(name, 'latin1'), content, Buffer.alloc(4)]);
  framed.writeUInt32BE(content.length, 0);
  framed.writeUInt32BE(crc32(framed.subarray(4, -4)), framed.length - 4);
  return framed;
}

/** Puts such a picture before an MP3 without tags, as its cover. */
export function withCoverBomb(mp3: Buffer, side: number): Buffer {
  const content = Buffer.concat([Buffer.from([0]), Buffer.from('image/png\0', 'latin1'), Buffer.from([3, 0]), blackPng(side)]);
  const frame = Buffer.concat([Buffer.from('APIC', 'latin1'), Buffer.alloc(6), content]);
  frame.writeUInt32BE(content.length, 4);
  const head = Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1');
  // Seven bits a byte.
  for (let index = 0; index < 4; index += 1) head[6 + index] = (frame.length >> (21 - 7 * index)) & 127;
  return Buffer.concat([head, frame, mp3]);
}

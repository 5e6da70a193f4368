import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

/** A picture of 8-bit red, green, blue and opacity, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `width * height * 4` bytes. */
  readonly pixels: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const bytesPerPixel = 4;
/** Filter types of PNG: the first row as it is, each further as its distance from the row above, which rows of a graph resemble. */
const [filterNone, filterUp] = [0, 2];

/** A picture as a PNG file (ISO/IEC 15948), packed in the thread pool. */
export async function encodePng(picture: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(picture.width, 0);
  header.writeUInt32BE(picture.height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const packed = await promisify(deflate)(filtered(picture));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', packed), chunk('IEND', Buffer.alloc(0))]);
}

function filtered({ width, height, pixels }: Picture): Uint8Array {
  const rowBytes = width * bytesPerPixel;
  const rows = new Uint8Array(height * (rowBytes + 1));
  for (let row = 0; row < height; row += 1) {
    const to = row * (rowBytes + 1);
    const from = row * rowBytes;
    rows[to] = row === 0 ? filterNone : filterUp;
    for (let index = 0; index < rowBytes; index += 1) {
      const above = row === 0 ? 0 : (pixels[from - rowBytes + index] as number);
      rows[to + 1 + index] = (pixels[from + index] as number) - above;
    }
  }
  return rows;
}

function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

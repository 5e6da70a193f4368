import type { ByteReader } from './byte-reader.ts';
import { cut, whole, type Ending } from './ending.ts';
import { frameEnding, leadingTagBytes, type Framing } from './frame-ending.ts';

/** kbit/s by the four bits of a frame's head: MPEG 1 layers 1 to 3, then MPEG 2 layer 1 and layers 2 and 3. */
const rates: readonly (readonly number[])[] = [
  [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const samplings = [44_100, 48_000, 32_000];

interface FrameHead {
  readonly bytes: number;
  readonly kind: number;
  readonly mpeg1: boolean;
  readonly mono: boolean;
}

function frameHead(bytes: Buffer, at: number): FrameHead | undefined {
  if (at + 4 > bytes.length) return undefined;
  const head = bytes.readUInt32BE(at);
  const [version, layerBits, rateBits, samplingBits, padding] = [(head >>> 19) & 3, (head >>> 17) & 3, (head >>> 12) & 15, (head >>> 10) & 3, (head >>> 9) & 1];
  if (head >>> 21 !== 0x7ff || version === 1 || layerBits === 0 || rateBits === 0 || rateBits === 15 || samplingBits === 3) return undefined;
  const [layer, mpeg1] = [4 - layerBits, version === 3];
  const rate = (rates[mpeg1 ? layer - 1 : layer === 1 ? 3 : 4]?.[rateBits - 1] ?? 0) * 1000;
  const sampling = (samplings[samplingBits] ?? 0) / (mpeg1 ? 1 : version === 2 ? 2 : 4);
  const length = layer === 1 ? (Math.floor((12 * rate) / sampling) + padding) * 4 : Math.floor(((layer === 3 && !mpeg1 ? 72 : 144) * rate) / sampling) + padding;
  return { bytes: length, kind: head & 0xfffe_0c00, mpeg1, mono: (head >>> 6 & 3) === 3 };
}

const mp3Framing: Framing = Object.freeze({ headBytes: 4, frameAt: frameHead });

/** The head of a stream may lie a little behind its tag. */
const searchBytes = 4_096;

/** MPEG audio: by the header that encoders write for variable rates, else by the last frame. */
export async function mp3Ending(reader: ByteReader): Promise<Ending> {
  const tagBytes = await leadingTagBytes(reader);
  if (tagBytes >= reader.size) return cut('it ends within its tag', reader.size, tagBytes);
  const start = await reader.read(tagBytes, searchBytes);
  for (let at = 0; at + 4 < start.length; at += 1) {
    const head = frameHead(start, at);
    if (head === undefined) continue;
    const stated = statedBytes(start.subarray(at), head);
    if (stated === undefined) return frameEnding(reader, mp3Framing, tagBytes + at);
    const end = tagBytes + at + stated;
    // Some encoders count their own header, others do not.
    if (end > reader.size + head.bytes) return cut('it ends before the number of bytes that its header states', reader.size, end);
    const torn = await frameEnding(reader, mp3Framing, tagBytes + at);
    return torn.state === 'cut' ? torn : whole;
  }
  return frameEnding(reader, mp3Framing, tagBytes);
}

/** Bytes of the stream from its first frame on, as `Xing`, `Info` or `VBRI` state them. */
function statedBytes(frame: Buffer, { mpeg1, mono }: FrameHead): number | undefined {
  const at = 4 + (mpeg1 ? (mono ? 17 : 32) : mono ? 9 : 17);
  const name = frame.toString('latin1', at, at + 4);
  if ((name === 'Xing' || name === 'Info') && frame.length >= at + 16) {
    const flags = frame.readUInt32BE(at + 4);
    if ((flags & 2) === 0) return undefined;
    const bytes = frame.readUInt32BE(at + ((flags & 1) === 0 ? 8 : 12));
    return bytes === 0 ? undefined : bytes;
  }
  if (frame.toString('latin1', 36, 40) === 'VBRI' && frame.length >= 50) return frame.readUInt32BE(46);
  return undefined;
}

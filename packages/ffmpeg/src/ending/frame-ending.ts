import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, type Ending } from './ending.ts';

/** How the frames of a bare stream are recognised. */
export interface Framing {
  readonly headBytes: number;
  /** Bytes of the frame whose head starts at `at`, and what all frames of the stream share; undefined when there is none. */
  readonly frameAt: (bytes: Buffer, at: number) => { readonly bytes: number; readonly kind: number } | undefined;
}

const tailBytes = 65_536;
/** So many frames in a row are no accident. */
const surely = 4;

/** A stream of frames, each of which states its own length: a cut shows when the last one is not whole. */
export async function frameEnding(reader: ByteReader, framing: Framing, firstFrame: number): Promise<Ending> {
  const end = await endOfFrames(reader);
  const start = Math.max(firstFrame, end - tailBytes);
  const tail = await reader.read(start, end - start);
  const first = findChain(tail, framing);
  if (first === undefined) return unknown('no frames of it were found near its end');
  let at = first;
  for (let frame = framing.frameAt(tail, at); frame !== undefined; frame = framing.frameAt(tail, at)) {
    if (at + frame.bytes > tail.length) return cut('it ends within a frame', start + at, start + at + frame.bytes);
    at += frame.bytes;
  }
  if (tail.length - at > 0 && tail.length - at < framing.headBytes && tail[at] === tail[first]) return cut('it ends within the head of a frame', start + at);
  return unknown(at === tail.length ? 'it is a row of frames, and does not say how many' : 'other data follows its last frame');
}

function findChain(tail: Buffer, { frameAt }: Framing): number | undefined {
  for (let from = 0; from < tail.length; from += 1) {
    const first = frameAt(tail, from);
    if (first === undefined) continue;
    let at = from;
    let count = 0;
    for (let frame: typeof first | undefined = first; frame?.kind === first.kind && count < surely; frame = frameAt(tail, at)) {
      at += frame.bytes;
      count += 1;
    }
    if (count === surely || (from === 0 && at >= tail.length)) return from;
  }
  return undefined;
}

/** Where tags at the end of the file begin. */
async function endOfFrames(reader: ByteReader): Promise<number> {
  let end = reader.size;
  if ((await reader.read(end - 128, 3)).toString('latin1') === 'TAG') end -= 128;
  const footer = await reader.read(end - 32, 32);
  if (footer.length === 32 && footer.toString('latin1', 0, 8) === 'APETAGEX') {
    const hasHead = (footer.readUInt32LE(20) & 0x8000_0000) !== 0;
    end -= Math.min(end, footer.readUInt32LE(12) + (hasHead ? 32 : 0));
  }
  return end;
}

/** Bytes of an ID3v2 tag at the start of the file, 0 when there is none. */
export async function leadingTagBytes(reader: ByteReader): Promise<number> {
  const head = await reader.read(0, 10);
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const size = [6, 7, 8, 9].reduce((sum, index) => sum * 128 + ((head[index] as number) & 127), 0);
  return 10 + size + (((head[5] as number) & 0x10) === 0 ? 0 : 10);
}

const adtsSync = 0xfff0;

/** Raw AAC in ADTS frames. */
export const adtsFraming: Framing = Object.freeze({
  headBytes: 7,
  frameAt(bytes: Buffer, at: number) {
    if (at + 7 > bytes.length || (bytes.readUInt16BE(at) & 0xfff6) !== adtsSync) return undefined;
    const length = ((bytes.readUInt32BE(at + 2) >> 5) & 0x1fff);
    return length < 7 ? undefined : { bytes: length, kind: (bytes[at + 2] as number) & 0xfc };
  },
});

/** kbit/s of the frame sizes of AC-3. */
const ac3Rates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

export const ac3Framing: Framing = Object.freeze({
  headBytes: 6,
  frameAt(bytes: Buffer, at: number) {
    if (at + 6 > bytes.length || bytes.readUInt16BE(at) !== 0x0b77) return undefined;
    const code = bytes[at + 4] as number;
    const [rate, sampling] = [ac3Rates[(code & 63) >> 1], code >> 6];
    if (rate === undefined || sampling === 3 || (bytes[at + 5] as number) >> 3 > 10) return undefined;
    // 1,536 samples a frame; at 44.1 kHz that is no whole number of words, and a bit says which way it was rounded.
    const length = sampling === 1 ? (Math.floor((rate * 96_000) / 44_100) + (code & 1)) * 2 : rate * (sampling === 0 ? 4 : 6);
    return { bytes: length, kind: sampling };
  },
});

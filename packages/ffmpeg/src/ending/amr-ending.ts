import type { ByteReader } from './byte-reader.ts';
import { cut, unknown, type Ending } from './ending.ts';

/** Bytes of a frame by its mode, with the byte that tells the mode. */
const narrow = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
const wide = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1];
const pieceBytes = 1_048_576;

/** AMR: frames whose first byte tells their size; all are followed, because nothing marks their start. */
export async function amrEnding(reader: ByteReader): Promise<Ending> {
  const magic = (await reader.read(0, 9)).toString('latin1');
  const isWide = magic === '#!AMR-WB\n';
  if (!isWide && !magic.startsWith('#!AMR\n')) return unknown('it does not start as AMR does');
  const sizes = isWide ? wide : narrow;
  let at = isWide ? 9 : 6;
  while (at < reader.size) {
    const piece = await reader.read(at, pieceBytes);
    if (piece.length === 0) break;
    let offset = 0;
    while (offset < piece.length) offset += sizes[((piece[offset] as number) >> 3) & 15] as number;
    at += offset;
  }
  return at > reader.size ? cut('it ends within a frame', reader.size, at) : unknown('it is a row of frames, and does not say how many');
}

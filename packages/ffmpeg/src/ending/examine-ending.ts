import { open } from 'node:fs/promises';
import { amrEnding } from './amr-ending.ts';
import { asfEnding } from './asf-ending.ts';
import { createByteReader, type ByteReader } from './byte-reader.ts';
import { aiffEnding, aviEnding, cafEnding, w64Ending, wavEnding } from './chunked-ending.ts';
import { cut, unknown, type Ending } from './ending.ts';
import { flacEnding } from './flac-ending.ts';
import { ac3Framing, adtsFraming, frameEnding, leadingTagBytes } from './frame-ending.ts';
import { matroskaEnding } from './matroska-ending.ts';
import { mp3Ending } from './mp3-ending.ts';
import { mp4Ending } from './mp4-ending.ts';
import { oggEnding } from './ogg-ending.ts';
import { flvEnding, mpegPsEnding, mpegTsEnding } from './packet-ending.ts';

/** By the first of ffmpeg's names of a container. */
const examiners: Readonly<Record<string, (reader: ByteReader) => Promise<Ending>>> = Object.freeze({
  wav: wavEnding,
  w64: w64Ending,
  aiff: aiffEnding,
  caf: cafEnding,
  avi: aviEnding,
  mov: mp4Ending,
  matroska: matroskaEnding,
  flac: flacEnding,
  ogg: oggEnding,
  mp3: mp3Ending,
  aac: async (reader) => frameEnding(reader, adtsFraming, await leadingTagBytes(reader)),
  ac3: (reader) => frameEnding(reader, ac3Framing, 0),
  amr: amrEnding,
  mpegts: mpegTsEnding,
  mpeg: mpegPsEnding,
  flv: flvEnding,
  asf: asfEnding,
});

/** In these, zeros at the end may be silence, or padding behind an index. */
const mayEndInZeros = new Set(['wav', 'w64', 'aiff', 'caf', 'mov']);
const zeroBytes = 65_536;

/** Says by the structure of a file whether it is whole. `format` is ffmpeg's name of its container. Reads little, save of AMR, and of fragments and live recordings, whose heads are all read. */
export async function examineEnding(path: string, format: string): Promise<Ending> {
  const name = format.split(',', 1)[0] ?? '';
  const examine = examiners[name];
  if (examine === undefined) return unknown(`nothing is known about ${name}`);
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const reader = createByteReader(file, size);
  if (!mayEndInZeros.has(name) && (await endsInZeros(reader))) return cut('it ends in zeros, where its content never arrived', size - zeroBytes);
  return await examine(reader);
}

async function endsInZeros(reader: ByteReader): Promise<boolean> {
  if (reader.size < 2 * zeroBytes) return false;
  return (await reader.read(reader.size - zeroBytes, zeroBytes)).every((byte) => byte === 0);
}

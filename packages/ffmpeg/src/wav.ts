import type { FileHandle } from 'node:fs/promises';

/** Bytes before the first sample in the WAV files that we write. */
export const wavHeaderBytes = 44;
const pcmFormat = 1;
/** Sizes that writers use who do not know the size, because they write into a pipe. */
const unknownSize = 0xffff_ffff;
const largestSize = unknownSize - wavHeaderBytes;

/** The header of a WAV file of 16-bit mono PCM with `dataBytes` bytes of samples. Throws a `RangeError` above 4 GiB, which the format cannot hold. */
export function wavHeader(sampleRate: number, dataBytes: number): Buffer {
  if (dataBytes > largestSize) throw new RangeError(`Expected at most ${largestSize} bytes of samples in a WAV file, got ${dataBytes}.`);
  const header = Buffer.alloc(wavHeaderBytes);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(wavHeaderBytes - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(pcmFormat, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/** What the chunks of a WAV file declare. */
export interface WavFacts {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bytesPerSecond: number;
  /** Where the samples start. */
  readonly dataOffset: number;
  /** Bytes of samples that the header promises; undefined when the writer did not know. */
  readonly declaredBytes: number | undefined;
}

/** Chunks before the samples that are looked at; a file with more is not worth the search. */
const maxChunks = 64;

/** Reads the chunk headers of a WAV file, at most 64 of them; undefined when it is none, or has no samples. */
export async function readWavFacts(file: FileHandle): Promise<WavFacts | undefined> {
  const start = await readAt(file, 0, 12);
  if (start?.toString('latin1', 0, 4) !== 'RIFF' || start.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let format: Buffer | undefined;
  let offset = 12;
  for (let chunk = 0; chunk < maxChunks; chunk += 1) {
    const head = await readAt(file, offset, 8);
    if (head === undefined) return undefined;
    const name = head.toString('latin1', 0, 4);
    const size = head.readUInt32LE(4);
    if (name === 'data') return format === undefined ? undefined : factsOf(format, offset + 8, size);
    if (name === 'fmt ') format = await readAt(file, offset + 8, 16);
    // Chunks start at even places.
    offset += 8 + size + (size % 2);
  }
  return undefined;
}

function factsOf(format: Buffer, dataOffset: number, size: number): WavFacts {
  const declaredBytes = size === 0 || size >= 0x7fff_ffff ? undefined : size;
  return Object.freeze({ channels: format.readUInt16LE(2), sampleRate: format.readUInt32LE(4), bytesPerSecond: format.readUInt32LE(8), dataOffset, declaredBytes });
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  return bytesRead === length ? buffer : undefined;
}

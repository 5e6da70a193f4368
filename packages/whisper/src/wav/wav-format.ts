import type { FileHandle } from 'node:fs/promises';
import { MediaJobError } from '@media-jobs/foundation';

/** What every engine reads: 16 kHz, one channel, signed 16-bit samples. */
export const sampleRate = 16_000;
const bytesPerSample = 2;

/** Where the samples of a WAV file lie. */
export interface WavFormat {
  /** First byte of the samples. */
  readonly dataOffset: number;
  /** Bytes of samples, even. */
  readonly dataBytes: number;
  readonly durationSeconds: number;
}

/** Headers are small; a file whose `data` chunk starts later than this is not worth reading. */
const maxHeaderBytes = 1024 * 1024;
/** Written by programs that stream and do not know the length. */
const unknownLengths: ReadonlySet<number> = new Set([0, 0xff_ff_ff_ff, 0x7f_ff_ff_ff]);

interface Chunk {
  readonly id: string;
  readonly bytes: number;
  readonly offset: number;
}

function corrupt(file: string, message: string): MediaJobError {
  return new MediaJobError('CORRUPT', { message, advice: 'Make the file again, for example with prepareSpeech of @media-jobs/ffmpeg.', facts: { path: file } });
}

function unsupported(file: string, got: string): MediaJobError {
  return new MediaJobError('UNSUPPORTED_FORMAT', {
    message: `Expected a WAV file of 16,000 Hz, mono, signed 16-bit PCM, got ${got}.`,
    advice: 'Convert it with prepareSpeech of @media-jobs/ffmpeg, or with: ffmpeg -i INPUT -ar 16000 -ac 1 -c:a pcm_s16le OUTPUT.wav',
    facts: { path: file },
  });
}

async function readAt(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}

async function* chunks(handle: FileHandle): AsyncGenerator<Chunk> {
  for (let offset = 12; offset < maxHeaderBytes;) {
    const head = await readAt(handle, offset, 8);
    if (head.length < 8) return;
    const bytes = head.readUInt32LE(4);
    yield { id: head.toString('latin1', 0, 4), bytes, offset: offset + 8 };
    // Chunks start at even offsets.
    offset += 8 + bytes + (bytes % 2);
  }
}

function checkFormat(file: string, format: Buffer): void {
  if (format.length < 16) throw corrupt(file, `Expected a format chunk of 16 bytes or more, got ${format.length}.`);
  const tag = format.readUInt16LE(0);
  // 0xFFFE: the real tag stands in the first two bytes of the sub-format.
  const pcm = (tag === 0xff_fe && format.length >= 26 ? format.readUInt16LE(24) : tag) === 1;
  const channels = format.readUInt16LE(2);
  const rate = format.readUInt32LE(4);
  const bits = format.readUInt16LE(14);
  if (!pcm || channels !== 1 || rate !== sampleRate || bits !== 8 * bytesPerSample) {
    throw unsupported(file, `${rate} Hz, ${channels} channel${channels === 1 ? '' : 's'}, ${bits} bits, ${pcm ? 'PCM' : `format tag ${tag}`}`);
  }
}

function formatOf(file: string, data: Chunk, fileBytes: number): WavFormat {
  const there = Math.max(0, fileBytes - data.offset);
  if (!unknownLengths.has(data.bytes) && data.bytes > there) {
    throw new MediaJobError('TRUNCATED', {
      message: `Expected ${data.bytes} bytes of samples, as the header says, got ${there}.`,
      advice: 'The file was cut off while it was written or copied; make it again.',
      facts: { path: file, declaredBytes: data.bytes, foundBytes: there },
    });
  }
  const bytes = unknownLengths.has(data.bytes) ? there : data.bytes;
  const dataBytes = bytes - (bytes % bytesPerSample);
  return { dataOffset: data.offset, dataBytes, durationSeconds: dataBytes / (bytesPerSample * sampleRate) };
}

/**
 * Reads the header of a WAV file and holds it against what engines need. Reads no samples. Throws `UNSUPPORTED_FORMAT`,
 * `CORRUPT` or `TRUNCATED`. A file of no samples is valid.
 */
export async function readWavFormat(handle: FileHandle, file: string): Promise<WavFormat> {
  const head = await readAt(handle, 0, 12);
  const kind = head.toString('latin1', 0, 4);
  if (head.length < 12 || (kind !== 'RIFF' && kind !== 'RF64') || head.toString('latin1', 8, 12) !== 'WAVE') {
    throw unsupported(file, head.length === 0 ? 'an empty file' : 'a file that is no WAV');
  }
  let formatSeen = false;
  for await (const chunk of chunks(handle)) {
    if (chunk.id === 'fmt ') {
      checkFormat(file, await readAt(handle, chunk.offset, Math.min(chunk.bytes, 64)));
      formatSeen = true;
    } else if (chunk.id === 'data') {
      if (!formatSeen) throw corrupt(file, 'Expected a format chunk before the samples, got none.');
      return formatOf(file, chunk, (await handle.stat()).size);
    }
  }
  throw corrupt(file, 'Expected a chunk of samples in the WAV file, got none.');
}

import { closeSync, openSync, readSync } from 'node:fs';

const bytesPerSecond = 32_000;
/** whisper.cpp reads beyond the samples when there are 200 of them or fewer, and ignores the last tenth of a second: short audio is padded to this. */
export const leastBytes = 1.1 * bytesPerSecond;

/** The file does not hold the samples that it had when it was looked at. */
export class AudioChanged extends Error {
  override readonly name = 'AudioChanged';
}

/** Reads the samples of a WAV file into memory that an engine can use, with silence behind them where they are too few. */
export function readAudio(file: string, offset: number, bytes: number): ArrayBuffer {
  const audio = new ArrayBuffer(Math.max(bytes, leastBytes));
  const samples = new Uint8Array(audio, 0, bytes);
  const descriptor = openSync(file, 'r');
  try {
    for (let done = 0; done < bytes;) {
      const read = readSync(descriptor, samples, done, bytes - done, offset + done);
      if (read === 0) throw new AudioChanged(`Expected ${bytes} bytes of samples, got ${done}.`);
      done += read;
    }
  } finally {
    closeSync(descriptor);
  }
  return audio;
}

import type { FileHandle } from 'node:fs/promises';

/** A quarter of a MiB: some milliseconds of work between two looks at everything else. */
const readBytes = 262_144;

/** The staged samples from frame `from` to frame `to`, interleaved, in memory that is used again for the next. */
export async function* readFrames(source: FileHandle, channels: number, from = 0, to: number = Number.POSITIVE_INFINITY): AsyncGenerator<Float32Array> {
  const buffer = new ArrayBuffer(readBytes);
  const frameBytes = channels * Float32Array.BYTES_PER_ELEMENT;
  const end = to * frameBytes;
  for (let position = from * frameBytes; position < end; ) {
    const { bytesRead } = await source.read(new Uint8Array(buffer), 0, Math.min(readBytes, end - position), position);
    const whole = bytesRead - (bytesRead % frameBytes);
    if (whole === 0) return;
    position += whole;
    yield new Float32Array(buffer, 0, whole / Float32Array.BYTES_PER_ELEMENT);
  }
}

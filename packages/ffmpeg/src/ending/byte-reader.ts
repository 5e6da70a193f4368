import type { FileHandle } from 'node:fs/promises';

/** Reads pieces of a file whose size is known. */
export interface ByteReader {
  /** Size of the file. */
  readonly size: number;
  /** As many bytes as there are from `offset`, at most `length`. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** Headers lie close together, so that one look at the disk serves many. */
const windowBytes = 4_096;

/** Makes a reader that keeps one window of the file in memory. */
export function createByteReader(file: FileHandle, size: number): ByteReader {
  const window = Buffer.alloc(windowBytes);
  let [start, end] = [0, 0];
  const fill = async (offset: number): Promise<void> => {
    const { bytesRead } = await file.read(window, 0, windowBytes, offset);
    [start, end] = [offset, offset + bytesRead];
  };
  return {
    size,
    async read(offset, length) {
      if (offset < 0 || offset >= size || length <= 0) return Buffer.alloc(0);
      const wanted = Math.min(length, size - offset);
      if (wanted > windowBytes) {
        const large = Buffer.alloc(wanted);
        const { bytesRead } = await file.read(large, 0, wanted, offset);
        return large.subarray(0, bytesRead);
      }
      if (offset < start || offset + wanted > end) await fill(offset);
      return Buffer.from(window.subarray(offset - start, Math.min(offset - start + wanted, end - start)));
    },
  };
}

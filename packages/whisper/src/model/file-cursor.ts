import type { FileHandle } from 'node:fs/promises';

/** Thrown by a cursor that is asked for bytes beyond the end of its file. */
export class EndOfFile extends Error {
  override readonly name = 'EndOfFile';
}

const windowBytes = 64 * 1024;

/** Reads small values of a large file in order, and skips the rest without reading it. */
export class FileCursor {
  readonly #handle: FileHandle;
  readonly #size: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #position = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  get position(): number {
    return this.#position;
  }

  get left(): number {
    return this.#size - this.#position;
  }

  /** Throws `EndOfFile` when fewer than `bytes` are left. */
  skip(bytes: number): void {
    if (bytes > this.left) throw new EndOfFile(`${bytes} bytes at ${this.#position} of ${this.#size}`);
    this.#position += bytes;
  }

  /** The next bytes; a view that is valid until the next call. */
  async take(bytes: number): Promise<Buffer> {
    const start = this.#position;
    this.skip(bytes);
    if (start < this.#windowStart || start + bytes > this.#windowStart + this.#window.length) await this.#load(start, bytes);
    const from = start - this.#windowStart;
    return this.#window.subarray(from, from + bytes);
  }

  async #load(start: number, bytes: number): Promise<void> {
    const wanted = Math.max(bytes, Math.min(windowBytes, this.#size - start));
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(wanted), 0, wanted, start);
    if (bytesRead < bytes) throw new EndOfFile(`${bytes} bytes at ${start}, of which ${bytesRead} could be read`);
    this.#window = buffer.subarray(0, bytesRead);
    this.#windowStart = start;
  }

  async int32(): Promise<number> {
    return (await this.take(4)).readInt32LE(0);
  }
}

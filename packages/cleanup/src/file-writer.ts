import { dirname } from 'node:path';
import { open, type FileHandle } from 'node:fs/promises';
import { requireDiskSpace } from './disk-space.ts';
import { writeError } from './file-errors.ts';

/** Collected before it is written: large enough to keep system calls rare, small enough to be nothing. */
const bufferBytes = 524_288;
/** The disk is looked at each time that so much has been written. */
const bytesPerLook = 33_554_432;

/**
 * Writes a file from its start while the caller goes on, one buffer behind. A disk that becomes too full is noticed while
 * there is still room on it. `append`, `patch` and `close` throw `DISK_FULL` and `OUTPUT_UNWRITABLE`, also for writes before.
 */
export class FileWriter {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #reserveBytes: number;
  /** One is filled while the other is written. */
  #buffer = Buffer.allocUnsafe(bufferBytes);
  #other = Buffer.allocUnsafe(bufferBytes);
  #used = 0;
  #position: number;
  #nextLook: number;
  #pending: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle, path: string, reserveBytes: number, position: number) {
    this.#handle = handle;
    this.#path = path;
    this.#reserveBytes = reserveBytes;
    this.#position = position;
    this.#nextLook = position + bytesPerLook;
  }

  /** Opens `path`, which exists, and empties it. `reserveBytes` stay free on its disk. */
  static async open(path: string, reserveBytes: number): Promise<FileWriter> {
    return new FileWriter(await opened(path, 'w'), path, reserveBytes, 0);
  }

  /** Opens `path`, which exists, to write from `position` on; what stands before stays. Several may write one file, each its own part. */
  static async openAt(path: string, reserveBytes: number, position: number): Promise<FileWriter> {
    return new FileWriter(await opened(path, 'r+'), path, reserveBytes, position);
  }

  /** Where the next byte goes. */
  get bytes(): number {
    return this.#position + this.#used;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      const end = Math.min(bytes.length, start + bufferBytes - this.#used);
      this.#buffer.set(bytes.subarray(start, end), this.#used);
      this.#used += end - start;
      start = end;
      if (this.#used === bufferBytes) await this.#flush();
    }
  }

  /** Writes over the first bytes of the file, after all that was appended. */
  async patch(start: Uint8Array): Promise<void> {
    await this.#flush();
    await this.#pending;
    await this.#write(Buffer.from(start), 0);
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
      await this.#pending;
    } finally {
      await this.#handle.close();
    }
  }

  /** Closes without a further write; what is still under way is awaited. For a caller that has failed. */
  async abandon(): Promise<void> {
    await this.#pending.catch(ignored);
    await this.#handle.close();
  }

  async #flush(): Promise<void> {
    await this.#pending;
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    [this.#buffer, this.#other] = [this.#other, this.#buffer];
    this.#pending = this.#write(full, this.#position);
    this.#pending.catch(ignored);
    this.#position += this.#used;
    this.#used = 0;
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    try {
      if (position + bytes.length > this.#nextLook) {
        this.#nextLook += bytesPerLook;
        await requireDiskSpace(dirname(this.#path), { bytes: bytesPerLook, reserveBytes: this.#reserveBytes });
      }
      for (let start = 0; start < bytes.length; ) start += (await this.#handle.write(bytes, start, bytes.length - start, position + start)).bytesWritten;
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }
}

/** The next call on the writer awaits the same promise and throws. */
const ignored = (): void => undefined;

async function opened(path: string, flags: 'w' | 'r+'): Promise<FileHandle> {
  return open(path, flags).catch((error: unknown) => {
    throw writeError(path, error);
  });
}

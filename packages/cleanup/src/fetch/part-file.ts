import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode, writeError } from '../file-errors.ts';

/** What is known of an unfinished file; it lies beside it, so that another process can go on. */
export interface PartState {
  /** Sha256 of the URL: the URL itself may hold secrets. */
  readonly source: string;
  readonly validator: string | null;
  readonly totalBytes: number | null;
}

/** Digests of a whole file, hexadecimal. */
export interface PartDigests {
  readonly sha256: string;
  readonly sha1: string;
}

/** Where the unfinished file lies unless told. */
export function defaultPartFile(target: string): string {
  return join(dirname(resolve(target)), `.${basename(target)}.part`);
}

const stateFile = (part: string): string => `${part}.json`;
const readBytes = 1024 * 1024;

/** Removes an unfinished file and what is known of it; what is gone is no error. */
export async function removePart(part: string): Promise<void> {
  for (const path of [part, stateFile(part)]) {
    await unlink(path).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw writeError(path, error);
    });
  }
}

/** An unfinished file, hashed while it grows. */
export class PartFile implements AsyncDisposable {
  readonly path: string;
  /** Whether it holds bytes of an earlier answer. */
  isPatched = false;
  readonly #handle: FileHandle;
  #size: number;
  #state: PartState | null;
  #hashedBytes = 0;
  #hashes: readonly [sha256: Hash, sha1: Hash] = [createHash('sha256'), createHash('sha1')];

  private constructor(path: string, handle: FileHandle, size: number, state: PartState | null) {
    this.path = path;
    this.#handle = handle;
    this.#size = size;
    this.#state = state;
  }

  /** Opens one that is there, or makes it. A link in its place is refused. Throws `OUTPUT_UNWRITABLE`, `DISK_FULL`. */
  static async open(path: string): Promise<PartFile> {
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o666);
      const { size } = await handle.stat();
      return new PartFile(path, handle, size, await readState(path));
    } catch (error) {
      throw writeError(path, error);
    }
  }

  get size(): number {
    return this.#size;
  }

  get state(): PartState | null {
    return this.#state;
  }

  /** Empties it for an answer that begins at the start. */
  async restart(state: PartState): Promise<void> {
    try {
      await this.#handle.truncate(0);
      await writeFile(stateFile(this.path), JSON.stringify(state), { mode: 0o600 });
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.#size = 0;
    this.#state = state;
    this.#hashedBytes = 0;
    this.#hashes = [createHash('sha256'), createHash('sha1')];
    this.isPatched = false;
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#hashedBytes < this.#size) await this.#hashWhatIsThere();
    try {
      for (let offset = 0; offset < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, offset, bytes.length - offset, this.#size);
        offset += bytesWritten;
        this.#size += bytesWritten;
      }
    } catch (error) {
      throw writeError(this.path, error);
    }
    for (const hash of this.#hashes) hash.update(bytes);
    this.#hashedBytes = this.#size;
  }

  /** Of all that is in it. */
  async digests(): Promise<PartDigests> {
    await this.#hashWhatIsThere();
    const [sha256, sha1] = this.#hashes.map((hash) => hash.copy().digest('hex'));
    return { sha256: sha256 ?? '', sha1: sha1 ?? '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #hashWhatIsThere(): Promise<void> {
    const buffer = Buffer.allocUnsafe(readBytes);
    while (this.#hashedBytes < this.#size) {
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(readBytes, this.#size - this.#hashedBytes), this.#hashedBytes);
      // Somebody has shortened it: the checksum will say so.
      if (bytesRead === 0) return;
      for (const hash of this.#hashes) hash.update(buffer.subarray(0, bytesRead));
      this.#hashedBytes += bytesRead;
    }
  }
}

/** Null when nothing was written down, or only half of it. */
async function readState(part: string): Promise<PartState | null> {
  try {
    const { source, validator, totalBytes } = JSON.parse(await readFile(stateFile(part), 'utf8')) as Partial<PartState>;
    if (typeof source !== 'string') return null;
    return { source, validator: typeof validator === 'string' ? validator : null, totalBytes: typeof totalBytes === 'number' ? totalBytes : null };
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

import { dirname } from 'node:path';
import type { Clock, Timer } from '@media-jobs/foundation';
import { requireDiskSpace } from '../disk-space.ts';
import { connectionError, fetchError, stalledError } from './fetch-errors.ts';
import type { ResolvedFetchOptions } from './fetch-options.ts';
import type { PartFile } from './part-file.ts';

/** Aborts when nothing has happened for so long, or less than the least speed would bring in that time. */
export class StallWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #clock: Clock;
  readonly #limitMs: number;
  /** What must arrive for the time to start anew. */
  readonly #neededBytes: number;
  readonly #url: URL;
  readonly #passOn = (): void => this.#controller.abort(this.#outer.reason);
  #timer: Timer | undefined;
  #arrivedBytes = 0;

  constructor(url: URL, outer: AbortSignal, { clock, stallTimeoutMs, minBytesPerSecond }: Pick<ResolvedFetchOptions, 'clock' | 'stallTimeoutMs' | 'minBytesPerSecond'>) {
    this.#url = url;
    this.#outer = outer;
    this.#clock = clock;
    this.#limitMs = stallTimeoutMs;
    this.#neededBytes = Math.max(1, Math.ceil((minBytesPerSecond * stallTimeoutMs) / 1_000));
    if (outer.aborted) this.#passOn();
    outer.addEventListener('abort', this.#passOn);
    this.alive();
  }

  /** Aborts with `STALLED`, or with what the outer signal was aborted with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has happened: the time starts anew. */
  alive(): void {
    this.#timer?.cancel();
    this.#arrivedBytes = 0;
    this.#timer = this.#limitMs === Infinity ? undefined : this.#clock.after(this.#limitMs, () => this.#controller.abort(stalledError(this.#url, this.#limitMs, this.#neededBytes, this.#arrivedBytes)));
  }

  /** Bytes have arrived: the time starts anew when they are enough. */
  received(bytes: number): void {
    this.#arrivedBytes += bytes;
    if (this.#arrivedBytes >= this.#neededBytes) this.alive();
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#outer.removeEventListener('abort', this.#passOn);
  }
}

/** So much is written between two looks at the disk. */
const lookBytes = 32 * 1024 * 1024;

export interface Reception {
  readonly url: URL;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly part: PartFile;
  readonly watch: StallWatch;
  /** Size that the whole file will have; null when nobody knows. */
  readonly totalBytes: number | null;
}

/** Appends a body to the part file. Throws what went wrong; what has arrived stays. */
export async function receiveBody({ url, body, part, watch, totalBytes }: Reception, options: ResolvedFetchOptions): Promise<void> {
  if (body === null) return;
  const limit = Math.min(options.maxBytes, totalBytes ?? Infinity);
  let looked = part.size;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await readNext(reader, url, watch);
      if (done) return;
      watch.received(value.length);
      if (part.size + value.length > limit) throw tooMuch(url, options.maxBytes, totalBytes);
      await part.append(value);
      options.onProgress?.({ bytes: part.size, totalBytes });
      if (part.size - looked < lookBytes) continue;
      looked = part.size;
      await requireDiskSpace(dirname(part.path), { bytes: 0, reserveBytes: options.reserveBytes });
    }
  } finally {
    // The rest is not wanted; where the body has ended or failed there is none, and nothing to be told.
    await reader.cancel().catch(() => undefined);
  }
}

async function readNext(reader: ReadableStreamDefaultReader<Uint8Array>, url: URL, watch: StallWatch): ReturnType<typeof reader.read> {
  try {
    return await reader.read();
  } catch (error) {
    if (watch.signal.aborted) throw watch.signal.reason;
    throw connectionError(url, error);
  }
}

function tooMuch(url: URL, maxBytes: number, totalBytes: number | null): Error {
  if (totalBytes !== null && totalBytes <= maxBytes) return fetchError('DOWNLOAD_MISMATCH', url, `${totalBytes} bytes`, 'more', { facts: { expectedBytes: totalBytes } });
  return fetchError('INPUT_TOO_LARGE', url, `at most ${maxBytes} bytes`, 'more', { facts: { maxBytes } });
}

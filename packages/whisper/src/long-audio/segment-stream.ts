import type { Segment } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import { abortErrorOf, joinSignals } from '../pool/abort.ts';

/** Segments that may wait for a slow reader before no further chunk is begun. */
const mostWaiting = 64;

/** What a run is given so that its segments can be read one by one. */
export interface StreamHooks {
  readonly signal: AbortSignal;
  readonly onSegment: (segment: Segment) => void;
  /** Resolves when there is room for more. */
  readonly pace: (signal: AbortSignal) => Promise<void>;
}

/**
 * Turns a run that calls back into one that is read. Nothing starts before the first read. Who stops reading aborts the
 * run, and the end of the loop waits until it has ended. Returns what the run returns.
 */
export async function* streamSegments<Result>(start: (hooks: StreamHooks) => Promise<Result>, signal?: AbortSignal): AsyncGenerator<Segment, Result, void> {
  const leaving = new AbortController();
  using controls = joinSignals(signal, leaving.signal);
  const queue = new SegmentQueue();
  const run = start({ signal: controls.signal, onSegment: (segment) => queue.push(segment), pace: (aborted) => queue.room(aborted) });
  // Its failure is thrown below, or is the abort of a reader who has left.
  const settled = run.then(() => queue.end(), () => queue.end());
  try {
    for (let segment = await queue.take(); segment !== undefined; segment = await queue.take()) yield segment;
    return await run;
  } finally {
    leaving.abort(new MediaJobError('ABORTED', { message: 'Nobody reads the segments any more.' }));
    await settled;
  }
}

class SegmentQueue {
  readonly #waiting: Segment[] = [];
  #ended = false;
  #wakeReader: (() => void) | undefined;
  readonly #wakeWriters = new Set<() => void>();

  push(segment: Segment): void {
    this.#waiting.push(segment);
    this.#wakeReader?.();
  }

  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  /** The next segment, once there is one; undefined after the last. */
  async take(): Promise<Segment | undefined> {
    if (this.#waiting.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    const segment = this.#waiting.shift();
    if (this.#waiting.length < mostWaiting) for (const wake of this.#wakeWriters) wake();
    return segment;
  }

  /** Rejects when the signal aborts first. */
  room(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length < mostWaiting) return Promise.resolve();
    if (signal.aborted) return Promise.reject(abortErrorOf(signal));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#wakeWriters.delete(wake);
        signal.removeEventListener('abort', leave);
        act();
      };
      const wake = (): void => settle(resolve);
      const leave = (): void => settle(() => reject(abortErrorOf(signal)));
      this.#wakeWriters.add(wake);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

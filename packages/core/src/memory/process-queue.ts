import { systemClock, type Clock } from '@media-jobs/foundation';
import PQueue from 'p-queue';
import type { Dispatch, DispatchHandler, JobQueue } from '../ports/job-queue.ts';

export interface ProcessQueueOptions {
  readonly clock?: Clock;
}

/**
 * A line inside this process, by priority and then by age, with a width for each operation. It is what
 * `createMediaJobs` uses when no queue is given. It remembers nothing: what stands in it is found again in the store.
 */
export function createProcessQueue({ clock = systemClock }: ProcessQueueOptions = {}): JobQueue {
  return new ProcessQueue(clock);
}

class ProcessQueue implements JobQueue {
  readonly specVersion = 1;
  readonly capabilities = { shared: false };
  readonly #clock: Clock;
  readonly #lines = new Map<string, PQueue>();
  /** Pointers in line or with a handler. */
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  #handler: DispatchHandler | undefined;
  #widths: Readonly<Record<string, number>> = {};
  #paused = false;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  dispatch(dispatch: Dispatch): Promise<void> {
    const key = keyOf(dispatch);
    if (this.#closed || this.#waiting.has(key) || this.#running.has(key)) return Promise.resolve();
    this.#waiting.add(key);
    // Neither `signal` nor `timeout`: with them p-queue gives the slot away while the work still runs.
    const added = this.#line(dispatch.operation).add(() => this.#run(key, dispatch), { priority: dispatch.priority });
    // Only `clear` rejects it, and that is done on purpose.
    added.catch(() => undefined);
    return Promise.resolve();
  }

  consume(handler: DispatchHandler, concurrency: Readonly<Record<string, number>>): Promise<void> {
    this.#handler = handler;
    this.#widths = concurrency;
    for (const [operation, line] of this.#lines) this.#open(operation, line);
    return Promise.resolve();
  }

  depth(): Promise<{ readonly waiting: number; readonly running: number }> {
    return Promise.resolve({ waiting: this.#waiting.size, running: this.#running.size });
  }

  purge(): Promise<number> {
    const purged = this.#waiting.size;
    for (const line of this.#lines.values()) line.clear();
    this.#waiting.clear();
    return Promise.resolve(purged);
  }

  forget(): Promise<number> {
    return Promise.resolve(0);
  }

  pause(): Promise<void> {
    this.#paused = true;
    for (const line of this.#lines.values()) line.pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.#paused = false;
    for (const [operation, line] of this.#lines) this.#open(operation, line);
    return Promise.resolve();
  }

  async close({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#closed = true;
    await this.purge();
    if (this.#running.size === 0) return;
    const deadline = new AbortController();
    const idle = Promise.all(Array.from(this.#lines.values(), (line) => line.onIdle())).then(() => deadline.abort());
    const late = this.#clock.sleep(deadlineMs, deadline.signal).catch(() => undefined);
    await Promise.race([idle, late]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ deadlineMs: 0 });
  }

  #line(operation: string): PQueue {
    const known = this.#lines.get(operation);
    if (known !== undefined) return known;
    const line = new PQueue({ autoStart: false });
    this.#lines.set(operation, line);
    this.#open(operation, line);
    return line;
  }

  /** Nobody hands out what nobody here can run: an operation without a width stays in line. */
  #open(operation: string, line: PQueue): void {
    const width = this.#widths[operation];
    if (this.#handler === undefined || width === undefined || this.#paused) return;
    line.concurrency = width;
    line.start();
  }

  async #run(key: string, { pointer, operation }: Dispatch): Promise<void> {
    this.#waiting.delete(key);
    this.#running.add(key);
    try {
      await this.#handler?.(pointer, operation);
    } finally {
      this.#running.delete(key);
    }
  }
}

function keyOf({ pointer }: Dispatch): string {
  return `${pointer.epoch}/${pointer.id}/${pointer.sequence}`;
}

import assert from 'node:assert/strict';
import type { DispatchHandler, JobQueue } from '../../ports/job-queue.ts';
import type { JobPointer } from '../../ports/store-messages.ts';
import type { ConformanceCase, JobQueueHarness } from '../harness.ts';

/** A failing queue is told of after this time; it is not a measure. */
const patienceMs = 5_000;

/** One pointer in the hands of a handler. */
export interface Handed {
  readonly pointer: JobPointer;
  readonly operation: string;
  /** What the queue gave the handler to hear of a loss by. */
  readonly signal: AbortSignal | undefined;
  /** Lets the handler end. */
  readonly end: () => void;
}

/** A handler that holds every slot until the test lets it go, or not at all. */
export interface Recorder {
  readonly handler: DispatchHandler;
  readonly handed: readonly Handed[];
  /** The ids in the order in which they were handed out. */
  readonly ids: () => string[];
  /** Resolves with the hand-out of this number, counted from 1. */
  readonly number: (number: number) => Promise<Handed>;
  /** Ends all that run, and all that come. */
  readonly endAll: () => void;
}

/** Without `hold` every handler ends at once. */
export function createRecorder({ hold = false }: { readonly hold?: boolean } = {}): Recorder {
  const handed: Handed[] = [];
  const looks = new Set<() => void>();
  let holds = hold;
  const handler: DispatchHandler = (pointer, operation, signal) => new Promise((resolve) => {
    handed.push({ pointer, operation, signal, end: resolve });
    if (!holds) resolve();
    looks.forEach((look) => look());
  });
  const number = (wanted: number): Promise<Handed> => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new assert.AssertionError({ message: `Expected ${wanted} pointers to be handed out, got ${handed.length}` })), patienceMs);
    const look = (): void => {
      const found = handed[wanted - 1];
      if (found === undefined) return;
      clearTimeout(timer);
      looks.delete(look);
      resolve(found);
    };
    looks.add(look);
    look();
  });
  const endAll = (): void => {
    holds = false;
    handed.forEach(({ end }) => end());
  };
  return { handler, handed, ids: () => handed.map(({ pointer }) => pointer.id), number, endAll };
}

/** Puts a pointer to the job of this id in line. */
export function dispatch(queue: JobQueue, id: string, { sequence = 1, epoch = 'epoch-1', operation = 'transcribe', priority = 0, again = false } = {}): Promise<void> {
  return queue.dispatch({ pointer: { id, sequence, epoch }, operation, priority, again });
}

/** A case on a queue of its own, which is closed at the end whatever happens. */
export const onQueue = (name: string, body: (queue: JobQueue, quiet: () => Promise<void>) => Promise<void>): ConformanceCase<JobQueueHarness> => ({
  name,
  run: async ({ create, quietMs }) => {
    await using queue = await create();
    await body(queue, () => quietFor(quietMs));
  },
});

/** What has not come after this time is taken not to come. */
export function quietFor(quietMs = 20): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, quietMs));
}

/** Consumes with handlers that hold their slots; all end at the end of the case. */
export async function holding(queue: JobQueue, concurrency: Readonly<Record<string, number>> = { transcribe: 1 }): Promise<Recorder & Disposable> {
  const recorder = createRecorder({ hold: true });
  await queue.consume(recorder.handler, concurrency);
  return { ...recorder, [Symbol.dispose]: recorder.endAll };
}

/** Fails when the work takes longer than it may. */
export async function within<Result>(ms: number, what: string, work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new assert.AssertionError({ message: `Expected ${what} within ${ms} ms` })), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

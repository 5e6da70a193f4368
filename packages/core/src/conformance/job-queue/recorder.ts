import assert from 'node:assert/strict';
import type { DispatchHandler, JobQueue } from '../../ports/job-queue.ts';
import type { JobPointer } from '../../ports/store-messages.ts';

/** A failing queue is told of after this time; it is not a measure. */
const patienceMs = 10_000;

/** One pointer in the hands of a handler. */
export interface Handed {
  readonly pointer: JobPointer;
  readonly operation: string;
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
  let holding = hold;
  const handler: DispatchHandler = (pointer, operation) => new Promise((resolve) => {
    handed.push({ pointer, operation, end: resolve });
    if (!holding) resolve();
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
    holding = false;
    handed.forEach(({ end }) => end());
  };
  return { handler, handed, ids: () => handed.map(({ pointer }) => pointer.id), number, endAll };
}

/** Puts a pointer to the job of this id in line. */
export function dispatch(queue: JobQueue, id: string, { sequence = 1, epoch = 'epoch-1', operation = 'transcribe', priority = 0 } = {}): Promise<void> {
  return queue.dispatch({ pointer: { id, sequence, epoch }, operation, priority });
}

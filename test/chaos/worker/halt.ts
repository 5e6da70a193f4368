import type { Step, WorkerEvent } from '../messages.ts';

/** Where a worker stops and waits to be killed, frozen, or told to go on. */
export interface Halt {
  /** Waits here if this is the step, until it may go on or the signal aborts. */
  at(step: Step, signal?: AbortSignal): Promise<void>;
  go(): void;
}

export function createHalt(haltAt: Step | null, tell: (event: WorkerEvent) => void): Halt {
  const { promise: going, resolve: go } = Promise.withResolvers<void>();
  let reached = false;
  return {
    async at(step, signal) {
      if (step !== haltAt || reached) return;
      reached = true;
      tell({ event: 'reached', step });
      const aborted = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([going, aborted]);
    },
    go,
  };
}

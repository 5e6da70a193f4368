/** The places that work is done in, so many for each operation. A place is held until its work has really ended. */
export interface Slots {
  /** Waits for a place, in the order of asking. Rejects with the signal's reason when it aborts. */
  take(operation: string, signal: AbortSignal): Promise<void>;
  /** Takes up to so many places that are free now; tells how many it got. */
  takeFree(operation: string, most: number): number;
  give(operation: string): void;
  free(operation: string): number;
  /** Places that are held, in all. */
  held(): number;
}

interface Line {
  free: number;
  readonly waiting: Set<() => void>;
}

/** `widths` says how many places each operation has. */
export function createSlots(widths: Readonly<Record<string, number>>): Slots {
  const lines = new Map<string, Line>(Object.entries(widths).map(([operation, width]) => [operation, { free: width, waiting: new Set() }]));
  let held = 0;
  const line = (operation: string): Line => lines.get(operation) ?? { free: 0, waiting: new Set() };
  const takeFree = (operation: string, most: number): number => {
    const taken = Math.min(line(operation).free, most);
    line(operation).free -= taken;
    held += taken;
    return taken;
  };
  return {
    take(operation, signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      return takeFree(operation, 1) === 1 ? Promise.resolve() : wait(line(operation).waiting, signal);
    },
    takeFree,
    give(operation) {
      const [next] = line(operation).waiting;
      if (next !== undefined) return next();
      line(operation).free += 1;
      held -= 1;
    },
    free: (operation) => line(operation).free,
    held: () => held,
  };
}

/** A place that is given up goes straight to the first who waits. */
function wait(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(enter);
      signal.removeEventListener('abort', giveUp);
    };
    const enter = (): void => {
      leave();
      resolve();
    };
    const giveUp = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    waiting.add(enter);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}

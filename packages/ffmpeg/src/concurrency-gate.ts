import type { ProcessControls } from '@media-jobs/process';
import { throwIfAborted } from './call-controls.ts';

/** Lets so many in at a time, first come first served. */
export interface ConcurrencyGate {
  /** Waits for a place, which is free again when it is disposed. Throws `ABORTED`, or the reason when it is a `MediaJobError`, as soon as the caller aborts. */
  enter(controls: Pick<ProcessControls, 'signal' | 'kill'>): Promise<Disposable>;
}

/**
 * Makes a gate with `places` places. A place is held for the life of one program, never for a whole call: who holds one
 * waits for nobody else, so calls within calls cannot block each other.
 */
export function createConcurrencyGate(places: number): ConcurrencyGate {
  let free = places;
  const waiting = new Set<() => void>();
  const leave = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  };
  const place = (): Disposable => {
    let held = true;
    return {
      [Symbol.dispose]() {
        if (held) leave();
        held = false;
      },
    };
  };
  return Object.freeze({
    async enter(controls: Pick<ProcessControls, 'signal' | 'kill'>) {
      throwIfAborted(controls);
      if (free > 0) free -= 1;
      else await turn(waiting, controls);
      return place();
    },
  });
}

/** Resolves when the one who leaves hands the place on. */
async function turn(waiting: Set<() => void>, controls: Pick<ProcessControls, 'signal' | 'kill'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const proceed = (): void => {
    waiting.delete(proceed);
    resolve(true);
  };
  const giveUp = (): void => {
    if (waiting.delete(proceed)) resolve(false);
  };
  const signals = [controls.signal, controls.kill];
  for (const signal of signals) signal?.addEventListener('abort', giveUp);
  waiting.add(proceed);
  const entered = await promise;
  for (const signal of signals) signal?.removeEventListener('abort', giveUp);
  if (!entered) throwIfAborted(controls);
}

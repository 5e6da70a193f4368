import type { JobRecord } from '../job/job.ts';
import type { StoreChange } from '../ports/store-messages.ts';

/** A change, and what the worker shared of the result since the hint before. */
export interface JobHint extends StoreChange {
  readonly parts?: readonly unknown[];
  /** The record that a worker of this process has just committed: no hint, but what stands in the store. */
  readonly ended?: JobRecord;
}

/** Carries hints about jobs inside this process: from the store's `watch` and from the runner. A hint may be late, doubled or missing. */
export interface JobEvents {
  emit(hint: JobHint): void;
  /** Calls back on each change of this job until it is ended. */
  subscribe(id: string, listener: (hint: JobHint) => void): Disposable;
  /** Calls back when the first follower comes, and when the last has gone. */
  onInterest(listener: (someone: boolean) => void): Disposable;
}

export function createJobEvents(): JobEvents {
  const listeners = new Map<string, Set<(hint: JobHint) => void>>();
  const interested = new Set<(someone: boolean) => void>();
  const tellInterest = (someone: boolean): void => interested.forEach((listener) => listener(someone));
  return {
    emit(hint) {
      for (const listener of listeners.get(hint.id) ?? []) listener(hint);
    },
    subscribe(id, listener) {
      const ofJob = listeners.get(id) ?? new Set();
      listeners.set(id, ofJob.add(listener));
      if (listeners.size === 1 && ofJob.size === 1) tellInterest(true);
      return {
        [Symbol.dispose]() {
          if (!ofJob.delete(listener) || ofJob.size > 0 || listeners.get(id) !== ofJob) return;
          listeners.delete(id);
          if (listeners.size === 0) tellInterest(false);
        },
      };
    },
    onInterest(listener) {
      interested.add(listener);
      return { [Symbol.dispose]: () => void interested.delete(listener) };
    },
  };
}

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
}

export function createJobEvents(): JobEvents {
  const listeners = new Map<string, Set<(hint: JobHint) => void>>();
  return {
    emit(hint) {
      for (const listener of listeners.get(hint.id) ?? []) listener(hint);
    },
    subscribe(id, listener) {
      const ofJob = listeners.get(id) ?? new Set();
      listeners.set(id, ofJob.add(listener));
      return {
        [Symbol.dispose]() {
          ofJob.delete(listener);
          if (ofJob.size === 0 && listeners.get(id) === ofJob) listeners.delete(id);
        },
      };
    },
  };
}

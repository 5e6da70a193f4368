import type { StoreChange } from '../ports/store-messages.ts';

/** Carries hints about jobs inside this process: from the store's `watch` and from the runner. A hint may be late, doubled or missing. */
export interface JobEvents {
  emit(change: StoreChange): void;
  /** Calls back on each change of this job until it is ended. */
  subscribe(id: string, listener: (change: StoreChange) => void): Disposable;
}

export function createJobEvents(): JobEvents {
  const listeners = new Map<string, Set<(change: StoreChange) => void>>();
  return {
    emit(change) {
      for (const listener of listeners.get(change.id) ?? []) listener(change);
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

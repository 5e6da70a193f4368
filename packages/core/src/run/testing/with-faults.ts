import { MediaJobError } from '@media-jobs/foundation';
import type { JobStore } from '@media-jobs/core';

/** A store with some methods replaced. Each replacement is given the method that it stands for. */
export type Faults = { readonly [Name in 'submit' | 'get' | 'claim' | 'heartbeat' | 'commit' | 'release' | 'due' | 'epoch' | 'purge' | 'takeExpired' | 'list' | 'stats']?: (real: JobStore[Name]) => JobStore[Name] };

export function withFaults(store: JobStore, faults: Faults): JobStore {
  const replaced = new Map(Object.entries(faults).map(([name, fault]) => [name, (fault as (real: unknown) => unknown)(store[name as keyof Faults])]));
  return new Proxy(store, { get: (target, name) => (typeof name === 'string' && replaced.has(name) ? replaced.get(name) : (Reflect.get(target, name) as unknown)) });
}

/** The error of a store that does not answer. */
export function away(): MediaJobError {
  return new MediaJobError('STORE_UNAVAILABLE', { message: 'Expected an answer, got none.' });
}

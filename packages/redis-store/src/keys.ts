import type { JobState } from '@media-jobs/core';

/** One letter for each state, as records, indexes and counters carry it. */
export const stateCodes = Object.freeze({ queued: 'q', running: 'r', retrying: 'w', completed: 'c', failed: 'f', cancelled: 'x', expiring: 'e' } as const satisfies Readonly<Record<JobState, string>>);

/** States whose jobs have an index of their own. Completed jobs are the many: they are in `all` only. */
export const indexedStates = Object.freeze(['queued', 'running', 'retrying', 'failed', 'cancelled', 'expiring'] as const satisfies readonly JobState[]);

/** Keys that outlive a reset. */
export interface StoreKeys {
  /** What all keys begin with. */
  readonly base: string;
  /** The present era and epoch: a reset replaces this one value. */
  readonly epoch: string;
  /** Every era that may still have keys, the present one among them. */
  readonly eras: string;
  readonly settings: string;
  /** A short stream of what moved last. */
  readonly events: string;
  /** Another one of nothing but cancels of running jobs, and resets, which all workers follow. */
  readonly cancels: string;
  readonly ofEra: (era: string) => EraKeys;
}

/** Keys of one era. All that a reset forgets stands under them. */
export interface EraKeys {
  /** Sorted sets of short ids. `all` by creation; the others by the time at which they want attention. */
  readonly all: string;
  /** Queued jobs, by their entry into the line. */
  readonly standing: string;
  readonly lease: string;
  readonly retry: string;
  readonly expiry: string;
  /** Counters, a hash. */
  readonly tally: string;
  /** Jobs of one state, by creation. */
  readonly inState: (state: (typeof indexedStates)[number]) => string;
  /** The line of one operation: highest priority first, then longest in its generation. */
  readonly line: (operation: string) => string;
  /** The longest completed jobs of one operation, by wall time. */
  readonly longest: (operation: string) => string;
  readonly record: (id: string) => string;
  /** Options and inputs, where they do not fit into the record. */
  readonly body: (id: string) => string;
  /** Output, artifacts, error and history, where they do not fit into the record. */
  readonly result: (id: string) => string;
  /** Where a record goes that cannot be read. */
  readonly aside: (id: string) => string;
}

/** `mj_` is the same for all: what is stored does without. 26 characters. */
export function shortId(id: string): string {
  return id.startsWith('mj_') ? id.slice(3) : id;
}

export function fullId(short: string): string {
  return `mj_${short}`;
}

/**
 * All keys of a store share the hash tag `{prefix}`, so that they live in one slot of a cluster and every script may touch
 * them. Record keys are short on purpose: with the default prefix they fit into 48 bytes of memory.
 */
export function storeKeys(prefix: string): StoreKeys {
  const base = `{${prefix}}:`;
  return {
    base,
    epoch: `${base}epoch`,
    eras: `${base}eras`,
    settings: `${base}settings`,
    events: `${base}events`,
    cancels: `${base}cancels`,
    ofEra: (era) => eraKeys(base, era),
  };
}

function eraKeys(base: string, era: string): EraKeys {
  const root = `${base}${era}`;
  const record = (id: string): string => root + shortId(id);
  return {
    all: `${root}:all`,
    standing: `${root}:standing`,
    lease: `${root}:lease`,
    retry: `${root}:retry`,
    expiry: `${root}:expiry`,
    tally: `${root}:tally`,
    inState: (state) => `${root}:in:${stateCodes[state]}`,
    line: (operation) => `${root}:line:${operation}`,
    longest: (operation) => `${root}:longest:${operation}`,
    record,
    body: (id) => `${record(id)}:b`,
    result: (id) => `${record(id)}:r`,
    aside: (id) => `${base}aside:${era}${shortId(id)}`,
  };
}

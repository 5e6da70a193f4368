import { freezeDeep, type JobRecord } from '@media-jobs/core';

/** A record as this handle wrote it. */
export interface KnownRecord {
  readonly record: JobRecord;
  /** Counted by the scripts; with the dispatch number it tells this form of the record from all others. */
  readonly revision: string;
}

/** Records that are remembered before the oldest are forgotten. They are read in full then, nothing else. */
const mostKnown = 10_000;

/**
 * What this handle wrote last at each id, so that it need not be brought back, decoded and checked while it still stands
 * there. Only a script that has compared the revision may say so. Records are frozen: callers share them.
 */
export interface KnownRecords {
  readonly put: (record: JobRecord, revision: string) => void;
  /** Null when there is none of this epoch. */
  readonly get: (epoch: string, id: string) => KnownRecord | null;
}

export function createKnownRecords(): KnownRecords {
  const known = new Map<string, KnownRecord>();
  return {
    put: (record, revision) => {
      known.delete(record.id);
      known.set(record.id, { record: freezeDeep(record), revision });
      if (known.size <= mostKnown) return;
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    },
    get: (epoch, id) => {
      const found = known.get(id);
      return found?.record.epoch === epoch ? found : null;
    },
  };
}

import type { Clock } from '@media-jobs/foundation';

/** Between two signs of life that an open work folder writes into its ledger. */
export const ledgerBeatMs = 600_000;

/** Six signs missed: an owner that nobody can see, such as one of a crashed container, is dead then. */
const silentAfterMs = 6 * ledgerBeatMs;

/** It must have been watched for so long besides: after a sleep of the machine, or a jump of its clock, every sign looks old. */
const watchedForMs = 2 * ledgerBeatMs;

/** Remembers from sweep to sweep which owners have given no sign of life. */
export interface SilenceWatch {
  /** Whether the owner, whose last sign is of this time, counts as dead. */
  isSilent(owner: string, touchedAt: number): boolean;
  /** It was seen to live by other means: the watch over it begins anew. */
  saw(owner: string): void;
}

export function createSilenceWatch(clock: Clock): SilenceWatch {
  const seen = new Map<string, { readonly touchedAt: number; readonly since: number }>();
  return {
    isSilent(owner, touchedAt) {
      const before = seen.get(owner);
      const first = before?.touchedAt === touchedAt ? before : { touchedAt, since: clock.monotonic() };
      seen.set(owner, first);
      return clock.monotonic() - first.since >= watchedForMs && clock.now() - touchedAt >= silentAfterMs;
    },
    saw: (owner) => void seen.delete(owner),
  };
}

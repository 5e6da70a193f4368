/**
 * One thing on disk that its owner will remove or hand over.
 *
 * - `temp`: a file or folder in the temp folder; the sweep removes it with all that is in it.
 * - `part`: an unfinished file beside its target, anywhere; the sweep removes it when the name is one of ours.
 * - `staged`: a folder below `jobs/` whose job is not accepted yet; only who knows the job's record may remove it.
 */
export interface LedgerEntry {
  readonly kind: 'temp' | 'part' | 'staged';
  /** Absolute. */
  readonly path: string;
}

/** The side of a ledger that its owner writes. */
export interface LedgerWriter {
  /** Resolves when the entry is on the ledger's disk. Create the thing only then. */
  record(entry: LedgerEntry): Promise<void>;
  /** Takes the entry out again, after the thing is gone or belongs to somebody else. */
  forget(entry: LedgerEntry): Promise<void>;
}

import type { JobRecord, StoreChange } from '@media-jobs/core';
import type { Logger } from '@media-jobs/foundation';
import { sql } from './sql.ts';
import type { Statements } from './statements.ts';

/** What the work of one transaction stands on. */
export interface Scope {
  readonly statements: Statements;
  /** The present epoch, read in this transaction, and its number. */
  readonly epoch: string;
  readonly era: number;
  /** The store's time. */
  readonly now: number;
  /** Names this handle in the ring of changes, so that it does not hear its own twice. */
  readonly origin: number;
  readonly logger: Logger;
  /** What moved in this transaction; told to listeners after the commit. */
  readonly changes: StoreChange[];
}

/** Where a scope gets what is not in the database. */
export interface ScopeSource {
  readonly now: () => number;
  readonly origin: number;
  readonly logger: Logger;
}

/** The scope of a transaction that has begun. */
export function openScope(statements: Statements, { now, origin, logger }: ScopeSource): Scope {
  const present = statements.get(sql.presentEpoch) as { era: number; epoch: string } | undefined;
  if (present === undefined) throw new Error('The table of epochs is empty.');
  return { statements, ...present, now: now(), origin, logger, changes: [] };
}

/** Notes that a job moved. */
export function noteChange(scope: Scope, { id, generation, state, progress, phase }: JobRecord): void {
  scope.changes.push({ id, generation, state, progress, phase });
  scope.statements.run(sql.addChange, scope.origin, id, generation, state, progress, phase);
}

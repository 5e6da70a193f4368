import type { OwnerState } from '@media-jobs/process';
import type { JobStore } from '../ports/job-store.ts';
import { claimOwners } from './repair.ts';

/**
 * Judges owners that cannot be seen from this host by what the store knows: one that holds a claim lives, because its
 * beats keep the claim; of one that holds none the store knows nothing. The store is asked for all that runs, once, when the first is judged.
 */
export function createOwnerJudge(store: JobStore): (owner: string) => Promise<OwnerState> {
  let owners: Promise<ReadonlySet<string>> | undefined;
  return async (owner) => {
    owners ??= claimOwners(store);
    return (await owners).has(owner) ? 'alive' : 'unknown';
  };
}

import { isOwnerAlive } from '@media-jobs/process';
import { MediaJobError } from '@media-jobs/foundation';
import type { DueJob, DueKind, DueRequest } from '../ports/store-messages.ts';
import { dispatchDue } from './dispatch-due.ts';
import { reconcile } from './reconcile.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { RunContext } from './run-context.ts';

/** What was put back in line. */
export interface Repaired {
  /** Jobs whose worker was lost: in line again, or dead letters. */
  readonly lapsed: number;
  /** Retries whose time had come. */
  readonly woken: number;
  /** Jobs in line that the queue was told of again. */
  readonly dispatched: number;
}

const batch = 200;

/**
 * Brings back what got stuck: claims whose lease has passed or whose owner is provably dead, retries that are due, and,
 * for a queue that is shared, jobs that it may have lost. It asks the store for all that runs: for the start, and by hand.
 */
export async function repairAll(context: RunContext): Promise<Repaired> {
  return repair(context, { deadOwners: await findDeadOwners(context), amongMany: false });
}

/**
 * The same for what every process does once a lease, at a cost that does not grow with the fleet. It sees the dead of this host by the
 * ledgers that they left in the work folder, each once, for they claim nothing more; where another process has swept such a ledger already, the lease decides.
 */
export function createTimedRepair(context: RunContext): () => Promise<Repaired> {
  const done = new Set<string>();
  return async () => {
    const deadOwners = (await ownDead(context)).filter((owner) => !done.has(owner));
    const repaired = await repair(context, { deadOwners, amongMany: true });
    for (const owner of deadOwners) done.add(owner);
    return repaired;
  };
}

/** A work folder that cannot be read keeps no lease from lapsing. */
async function ownDead({ workFolder, logger }: RunContext): Promise<readonly string[]> {
  try {
    return [...(await workFolder.deadOwners())];
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error) }, 'Who of this host has died cannot be seen; their leases decide');
    return [];
  }
}

/** `amongMany`: every process of the fleet does the same as often. */
async function repair(context: RunContext, { deadOwners, amongMany }: { readonly deadOwners: readonly string[]; readonly amongMany: boolean }): Promise<Repaired> {
  const lapsed = await moveDue(context, 'lease', deadOwners.length === 0 ? {} : { deadOwners });
  if (lapsed > 0) context.logger.warn({ lapsed, deadOwners }, 'Jobs had lost their worker');
  const woken = await moveDue(context, 'retry', {});
  return { lapsed, woken, dispatched: await reconcile(context, { amongMany }) };
}

async function moveDue(context: RunContext, kind: DueKind, request: Omit<DueRequest, 'limit'>): Promise<number> {
  let moved = 0;
  let jobs: readonly DueJob[];
  do {
    jobs = await context.store.due(kind, { limit: batch, ...request });
    await dispatchDue(context, jobs);
    moved += jobs.length;
  } while (jobs.length === batch && !context.closed.aborted);
  return moved;
}

/** Owners of running jobs that this host can prove dead. The cost grows with what runs, not with what is stored. */
async function findDeadOwners({ store, logger }: RunContext): Promise<readonly string[]> {
  const owners = await claimOwners(store);
  return [...owners].filter((owner) => {
    try {
      return isOwnerAlive(owner) === 'dead';
    } catch (error) {
      logger.debug({ err: MediaJobError.from(error), owner }, 'An owner that is none of ours is judged by its lease alone');
      return false;
    }
  });
}

/** Owners of running jobs, those whose lease has not lapsed yet among them. */
export async function claimOwners(store: JobStore): Promise<ReadonlySet<string>> {
  const owners = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await store.list({ states: ['running'] }, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { claim } of page.jobs) if (claim !== null) owners.add(claim.owner);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return owners;
}

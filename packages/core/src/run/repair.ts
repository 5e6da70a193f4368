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

/** Who repairs. */
export interface RepairOptions {
  /** Owners whose claims lapse at once. */
  readonly deadOwners: readonly string[];
  /** Every process of the fleet does the same at the same times, as those of the timer do. */
  readonly amongMany: boolean;
}

/**
 * Brings back what got stuck: claims whose lease has passed or whose owner is dead, retries that are due, and,
 * for a queue that is shared, jobs that it may have lost. Cheap enough to be done once a lease.
 */
export async function repair(context: RunContext, { deadOwners, amongMany }: RepairOptions): Promise<Repaired> {
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

/**
 * Owners of running jobs that this host can prove dead. The cost grows with what runs, not with what is stored: for the start, and
 * for passes by hand, but not for what every worker does once a lease (`createDeathWatch`).
 */
export async function findDeadOwners({ store, logger }: RunContext): Promise<readonly string[]> {
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

/** Tells which processes of this host have died. */
export interface DeathWatch {
  /** Those of whom nobody has been told yet that their claims were taken back. */
  news(): Promise<readonly string[]>;
  /** Their claims were taken back; a dead process claims nothing more. */
  done(owners: readonly string[]): void;
}

/**
 * Sees the dead by the ledgers that they left in the work folder, which costs the store nothing however much runs. Where another
 * process has swept such a ledger already, the lease decides.
 */
export function createDeathWatch({ workFolder }: Pick<RunContext, 'workFolder'>): DeathWatch {
  const known = new Set<string>();
  return {
    news: async () => [...(await workFolder.deadOwners())].filter((owner) => !known.has(owner)),
    done: (owners) => {
      for (const owner of owners) known.add(owner);
    },
  };
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

import { MediaJobError } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import { dispatchDue, dispatchRecord } from './dispatch-due.ts';
import type { RunContext } from './run-context.ts';

/** A job that has stood in line for so long was perhaps never handed to the queue, or the queue has lost it. */
const dispatchAgainAfterMs = 5_000;

/** Jobs that are handed over again without any sign that the queue lost one: those that have stood in line longest. */
const oldest = 200;

/** Looks of this kind that are enough for a fleet in the time of one lease. */
const looksOfFleet = 10;

const pageLimit = 500;

/** Dispatches that are under way at once. */
const atOnce = 32;

/**
 * Makes a shared queue agree with the store, which alone knows what stands in line: jobs that were accepted and never
 * handed over, whose entry was deleted, or ended without a claim, are handed over again under the same number, so that two
 * processes that do it together do it once. Jobs that lost their worker are not its business: the store gives those a new
 * number, in one act of one process. Tells how many were handed over. Never rejects for want of the queue. `amongMany`: every
 * process of the fleet looks as often, and a few of those looks are enough.
 */
export async function reconcile(context: RunContext, { amongMany }: { readonly amongMany: boolean }): Promise<number> {
  if (context.queue?.capabilities.shared !== true) return 0;
  if (amongMany && !(await isNeeded(context))) return 0;
  const standing = await context.store.due('dispatch', { limit: oldest, olderThanMs: dispatchAgainAfterMs });
  if (standing.length === oldest && (await hasLostSome(context))) return dispatchAll(context);
  await dispatchDue(context, standing, { again: true });
  return standing.length;
}

/**
 * By chance, so that about `looksOfFleet` processes do it in each lease. A line is long where all places are taken: what runs then tells
 * how many processes there are. Up to ten of them it is always needed, and so it is where little runs.
 */
async function isNeeded({ operations, store, random }: RunContext): Promise<boolean> {
  const places = [...operations.values()].reduce((sum, { limits }) => sum + limits.concurrency, 0);
  const { byState } = await store.stats();
  return random() * byState.running < looksOfFleet * places;
}

/** What stands in a long line may wait for hours: it is handed over again only where the queue has fewer entries than the store has jobs. */
async function hasLostSome({ queue, store, logger }: RunContext): Promise<boolean> {
  try {
    const [depth, { byState }] = await Promise.all([queue?.depth(), store.stats()]);
    return depth !== undefined && depth.waiting + depth.running < byState.queued;
  } catch (error) {
    const mistake = MediaJobError.from(error);
    if (mistake.code !== 'QUEUE_UNAVAILABLE') throw mistake;
    logger.warn({ err: mistake }, 'The queue cannot be compared with the store now; the next look tries again');
    return false;
  }
}

async function dispatchAll(context: RunContext): Promise<number> {
  let dispatched = 0;
  let cursor: string | undefined;
  do {
    const page = await context.store.list({ states: ['queued'] }, { limit: pageLimit, ...(cursor === undefined ? {} : { cursor }) });
    for (let start = 0; start < page.jobs.length; start += atOnce) await Promise.all(page.jobs.slice(start, start + atOnce).map((record: JobRecord) => dispatchRecord(context, record, { again: true })));
    dispatched += page.jobs.length;
    cursor = page.cursor;
  } while (cursor !== undefined && !context.closed.aborted);
  context.logger.warn({ dispatched }, 'The queue had lost jobs; all that stand in line were handed to it again');
  return dispatched;
}

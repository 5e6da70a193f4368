import { MediaJobError, type Logger } from '@media-jobs/foundation';
import type { JobRecord } from '../job/job.ts';
import type { ClaimKey, Outcome } from '../ports/store-messages.ts';
import { retryDelayMs } from '../resilience/retry.ts';
import { dispatchReleased } from './dispatch-due.ts';
import type { RunContext } from './run-context.ts';

/** A store that is away is asked again after up to a quarter of a second, then longer, at most every five seconds. */
const backOff = { retryBaseMs: 250, retryCapMs: 5_000 };

/** What the store said: the record after the commit, or null when the claim or the epoch had passed. */
export type Committed = JobRecord | null;

/**
 * Ends the attempt in the store. While the store is away this goes on: nobody else can take the job meanwhile, and once
 * the store is back it says whether the claim still held. Throws `STORE_UNAVAILABLE` only when `signal` has aborted,
 * and any other error of the store as it is.
 */
export async function commitOutcome(context: RunContext, key: ClaimKey, outcome: Outcome, logger: Logger, signal: AbortSignal): Promise<Committed> {
  return patiently(context, signal, logger, async (repeated) => {
    const reply = await context.store.commit(key, outcome);
    if (reply.committed || !repeated || outcome.kind !== 'completed') return reply.record;
    // The answer to an earlier try may have been lost on its way: the folder, which carries the token, tells.
    const record = await context.store.get(key.id);
    return record?.outputFolder === outcome.outputFolder ? record : null;
  });
}

/** Gives the claim back, patiently, and hands the job to others. False when the claim had passed. */
export async function releaseClaim(context: RunContext, key: ClaimKey, logger: Logger, signal: AbortSignal): Promise<boolean> {
  const released = await patiently(context, signal, logger, () => context.store.release(key));
  if (released) await dispatchReleased(context, key.id);
  return released;
}

async function patiently<Result>(context: RunContext, signal: AbortSignal, logger: Logger, ask: (repeated: boolean) => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask(tries > 1);
    } catch (error) {
      const mistake = MediaJobError.from(error);
      if (mistake.code !== 'STORE_UNAVAILABLE' || signal.aborted) throw mistake;
      logger.warn({ err: mistake, tries }, 'The store does not take the end of the attempt; it is tried again');
      await context.clock.sleep(retryDelayMs(tries, { ...backOff, random: context.random }), signal).catch(() => undefined);
    }
  }
}

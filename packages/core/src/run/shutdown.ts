import { MediaJobError } from '@media-jobs/foundation';
import type { CleanupLoop } from './cleanup-loop.ts';
import { forgetFiles } from './older-epochs.ts';
import type { RunContext } from './run-context.ts';
import type { Runner } from './runner.ts';

/** What a shutdown ends, in this order. */
export interface ShutdownParts {
  readonly context: RunContext;
  readonly runner: Runner | null;
  readonly cleanupLoop: CleanupLoop;
  /** Aborts `context.closed`. */
  readonly markClosed: () => void;
  /** The watches on the store. */
  readonly watches: readonly Disposable[];
}

/** Given to work that was told to stop: the tools kill after 0.7 s, so what is left after this ignores even that. */
export const stopGraceMs = 5_000;

/** Given to the store to take back the claims, and to each part to close. */
export const farewellMs = 2_000;

/**
 * Lets running jobs end until the deadline, has the rest stopped and their claims given back, then closes everything.
 * Ends also when the store is away and when work ignores that it was killed; the leases bring such jobs back.
 */
export async function shutDown({ context, runner, cleanupLoop, markClosed, watches }: ShutdownParts, deadlineMs: number): Promise<void> {
  const { clock, logger, queue, store, files, workFolder } = context;
  const within = (ms: number, work: Promise<unknown>): Promise<boolean> => endsWithin(context, ms, work);
  logger.info({ deadlineMs, running: runner?.stats().running ?? 0 }, 'Closing');
  const startedAt = clock.monotonic();
  runner?.stopTaking();
  const queueClosed = settled(context, 'queue', queue?.close({ deadlineMs }));
  const drained = runner === null || (await within(deadlineMs, runner.idle()));
  if (!drained) {
    runner.interrupt();
    const stopped = await within(stopGraceMs, runner.idle());
    runner.giveUp();
    if (!stopped && !(await within(farewellMs, runner.idle()))) logger.warn({ ...runner.stats() }, 'Some work could not be stopped; its leases will lapse');
  }
  runner?.end();
  markClosed();
  for (const watch of watches) watch[Symbol.dispose]();
  await within(farewellMs, cleanupLoop.stop());
  await within(farewellMs, queueClosed);
  await within(farewellMs, settled(context, 'queue', queue?.[Symbol.asyncDispose]()));
  await settled(context, 'files', forgetFiles(context));
  await within(farewellMs, settled(context, 'file store', files?.[Symbol.asyncDispose]()));
  await within(farewellMs, settled(context, 'store', store[Symbol.asyncDispose]()));
  await settled(context, 'work folder', workFolder[Symbol.asyncDispose]());
  logger.info({ wallMs: Math.round(clock.monotonic() - startedAt), drained }, 'Closed');
}

async function endsWithin({ clock }: RunContext, ms: number, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(() => false, () => true);
  const ended = work.then(() => true);
  const result = await Promise.race([ended, late]);
  done.abort();
  return result;
}

/** A part that cannot be closed does not keep the next from being closed. */
async function settled({ logger }: RunContext, part: string, closing: PromiseLike<void> | undefined): Promise<void> {
  try {
    await closing;
  } catch (error) {
    logger.warn({ err: MediaJobError.from(error), part }, 'A part could not be closed');
  }
}

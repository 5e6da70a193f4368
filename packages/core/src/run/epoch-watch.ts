import { MediaJobError, type Timer } from '@media-jobs/foundation';
import type { CleanupLoop } from './cleanup-loop.ts';
import type { RunContext } from './run-context.ts';
import type { Runner } from './runner.ts';

/**
 * While there is work, asks the store for its epoch, and has work of older ones stopped: after a reset by another process it would else
 * run on until its next beat. It asks once every `pollIntervalMs`; where the store hints at resets it asks then, and once every `heartbeatMs`
 * in case that a hint is lost. Where the work folder is this machine's own, it asks always: nobody else can remove what is of older epochs there.
 */
export function watchEpoch(context: RunContext, runner: Runner | null, cleanupLoop: Pick<CleanupLoop, 'lookThroughOwnFolder'>): Disposable {
  const { store, queue, clock, logger, pollIntervalMs, heartbeatMs, files, firstEpoch } = context;
  let seen = firstEpoch;
  let timer: Timer | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    try {
      if (files === null && runner?.stats().running === 0) return;
      const epoch = await store.epoch();
      runner?.stopBefore(epoch);
      if (files !== null && epoch !== seen) cleanupLoop.lookThroughOwnFolder();
      seen = epoch;
    } catch (error) {
      logger.debug({ err: MediaJobError.from(error) }, 'The epoch could not be read; the next beat tells as well');
    }
  };
  // Workers of a shared queue follow what the store tells of cancels anyhow, and resets stand there; for others that would be one connection more.
  const hints = runner !== null && queue?.capabilities.shared === true ? store.watchEpoch?.(() => void look()) : undefined;
  const intervalMs = hints === undefined ? pollIntervalMs : heartbeatMs;
  const next = (): void => void (timer = clock.after(intervalMs, () => void look().finally(() => {
    if (!ended) next();
  })));
  next();
  return {
    [Symbol.dispose]() {
      ended = true;
      timer?.cancel();
      hints?.[Symbol.dispose]();
    },
  };
}

import { MediaJobError, type Timer } from '@media-jobs/foundation';
import type { RunContext } from './run-context.ts';
import type { Runner } from './runner.ts';

/**
 * While there is work, asks the store for its epoch once every `pollIntervalMs`, and has work of older ones stopped: after a
 * reset by another process it would else run on until its next beat.
 */
export function watchEpoch(context: RunContext, runner: Runner): Disposable {
  const { store, clock, logger, pollIntervalMs } = context;
  let timer: Timer | undefined;
  let ended = false;
  const next = (): void => void (timer = clock.after(pollIntervalMs, () => void look()));
  const look = async (): Promise<void> => {
    try {
      if (runner.stats().running > 0) runner.stopBefore(await store.epoch());
    } catch (error) {
      logger.debug({ err: MediaJobError.from(error) }, 'The epoch could not be read; the next beat tells as well');
    }
    if (!ended) next();
  };
  next();
  return {
    [Symbol.dispose]() {
      ended = true;
      timer?.cancel();
    },
  };
}

import { MediaJobError } from '@media-jobs/foundation';
import type { RunContext } from './run-context.ts';
import type { Runner } from './runner.ts';
import { createThrottle } from './throttle.ts';

/** Another process put work in line: the store is asked at most this often because of it. */
const nudgeMs = 100;

/** Somebody wrote to a running job: whether it is to be cancelled is looked up at most this often. */
const lookMs = 500;

/**
 * Passes the store's hints on: to those who follow a job, to a runner with nothing to do, and to the worker of a job that
 * another process wants cancelled. Without the hint it would hear of that with its next beat only.
 */
export function watchStore(context: RunContext, runner: Runner | null): Disposable {
  const { store, clock, events } = context;
  const { multiProcess } = store.capabilities;
  const written = new Set<string>();
  const nudge = createThrottle<undefined>(nudgeMs, clock, () => runner?.nudge());
  const look = createThrottle<undefined>(lookMs, clock, () => {
    for (const id of written) void cancelIfAsked(context, runner, id);
    written.clear();
  });
  const watch = store.watch((change) => {
    events.emit(change);
    if (runner === null || !multiProcess) return;
    if (change.state === 'queued') nudge.push(undefined);
    if (change.cancelRequested === true) runner.cancel(change.id);
    else if (change.cancelRequested === undefined && change.state === 'running' && runner.isRunning(change.id)) {
      written.add(change.id);
      look.push(undefined);
    }
  });
  return {
    [Symbol.dispose]() {
      nudge.drop();
      look.drop();
      watch[Symbol.dispose]();
    },
  };
}

/** A look, not a beat: a beat is a write, of which the store would tell again. */
async function cancelIfAsked({ store, logger }: RunContext, runner: Runner | null, id: string): Promise<void> {
  try {
    const record = await store.get(id);
    if (record?.state === 'running' && record.cancelRequested) runner?.cancel(id);
  } catch (error) {
    logger.debug({ err: MediaJobError.from(error), jobId: id }, 'Whether a job is to be cancelled is not known yet; the next beat tells');
  }
}

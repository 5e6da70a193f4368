import { MediaJobError, type Timer } from '@media-jobs/foundation';
import type { StoreChange } from '../ports/store-messages.ts';
import type { RunContext } from './run-context.ts';
import type { Runner } from './runner.ts';
import { createThrottle } from './throttle.ts';

/** Another process put work in line: the store is asked at most this often because of it. */
const nudgeMs = 100;

/** Somebody wrote to a running job: whether it is to be cancelled is looked up at most this often. */
const lookMs = 500;

/** Who follows one job often follows the next: the store is watched so long after the last has gone. */
const lingerMs = 10_000;

/**
 * Passes the store's hints on: to those who follow a job, to a runner with nothing to do, and to the worker of a job that
 * another process wants cancelled. Without the hint it would hear of that with its next beat only. Where a queue hands out the work,
 * a worker watches for cancels only, unless somebody in its process follows a job: of a large fleet each would else be told of all
 * that all others do.
 */
export function watchStore(context: RunContext, runner: Runner | null): Disposable {
  const { store, events, queue } = context;
  if (runner === null) return store.watch((change) => events.emit(change));
  const forRunner = passToRunner(context, runner);
  const watches = queue?.capabilities.shared === true
    ? [store.watch(forRunner.tell, 'cancels'), watchOnDemand(context)]
    : [store.watch((change) => (events.emit(change), forRunner.tell(change)))];
  return {
    [Symbol.dispose]() {
      forRunner[Symbol.dispose]();
      for (const watch of watches) watch[Symbol.dispose]();
    },
  };
}

/** Watches the store while somebody follows a job, and a while longer. */
function watchOnDemand({ store, clock, events }: RunContext): Disposable {
  let watch: Disposable | undefined;
  let lingering: Timer | undefined;
  const end = (): void => {
    watch?.[Symbol.dispose]();
    watch = undefined;
  };
  const interest = events.onInterest((someone) => {
    lingering?.cancel();
    if (someone) watch ??= store.watch((change) => events.emit(change));
    else lingering = clock.after(lingerMs, end);
  });
  return {
    [Symbol.dispose]() {
      interest[Symbol.dispose]();
      lingering?.cancel();
      end();
    },
  };
}

function passToRunner(context: RunContext, runner: Runner): Disposable & { readonly tell: (change: StoreChange) => void } {
  const { store, clock } = context;
  const { multiProcess } = store.capabilities;
  const written = new Set<string>();
  const nudge = createThrottle<undefined>(nudgeMs, clock, () => runner.nudge());
  const look = createThrottle<undefined>(lookMs, clock, () => {
    for (const id of written) void cancelIfAsked(context, runner, id);
    written.clear();
  });
  const tell = (change: StoreChange): void => {
    if (!multiProcess) return;
    if (change.state === 'queued') nudge.push(undefined);
    if (change.cancelRequested === true) runner.cancel(change.id);
    else if (change.cancelRequested === undefined && change.state === 'running' && runner.isRunning(change.id)) {
      written.add(change.id);
      look.push(undefined);
    }
  };
  return {
    tell,
    [Symbol.dispose]() {
      nudge.drop();
      look.drop();
    },
  };
}

/** A look, not a beat: a beat is a write, of which the store would tell again. */
async function cancelIfAsked({ store, logger }: RunContext, runner: Runner, id: string): Promise<void> {
  try {
    const record = await store.get(id);
    if (record?.state === 'running' && record.cancelRequested) runner.cancel(id);
  } catch (error) {
    logger.debug({ err: MediaJobError.from(error), jobId: id }, 'Whether a job is to be cancelled is not known yet; the next beat tells');
  }
}

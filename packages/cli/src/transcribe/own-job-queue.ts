import { createProcessQueue, type Dispatch, type JobQueue, type JobRecord } from '@media-jobs/core';

/** A line that holds one job only. */
export interface OwnJobQueue extends JobQueue {
  /** From now on this job is handed out, if it stands in line. */
  take(record: JobRecord): Promise<void>;
}

/**
 * A command works on the job that it was called for, not on what an earlier one left in the store: whoever transcribes
 * B must not wait until A, killed yesterday, is done first. It calls itself shared, because then nobody asks the store
 * for other work.
 */
export function createOwnJobQueue(): OwnJobQueue {
  const line = createProcessQueue();
  let ownId: string | undefined;
  const dispatch = async (work: Dispatch): Promise<void> => {
    if (work.pointer.id === ownId) await line.dispatch(work);
  };
  return {
    specVersion: 1,
    capabilities: { shared: true },
    dispatch,
    async take({ id, sequence, epoch, operation, priority, state }) {
      ownId = id;
      if (state === 'queued') await dispatch({ pointer: { id, sequence, epoch }, operation, priority });
    },
    consume: (handler, concurrency) => line.consume(handler, concurrency),
    depth: () => line.depth(),
    purge: () => line.purge(),
    forget: (olderThanMs) => line.forget(olderThanMs),
    pause: () => line.pause(),
    resume: () => line.resume(),
    close: (options) => line.close(options),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  };
}

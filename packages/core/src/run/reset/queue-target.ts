import type { Resettable } from '@media-jobs/cleanup';
import type { JobQueue } from '../../ports/job-queue.ts';

/** The waiting line. Purged before it is counted by anybody: it tells itself how many entries it dropped. */
export function createQueueTarget(queue: JobQueue): Resettable {
  return {
    name: 'queue',
    kind: 'queue',
    async collect({ add, note }) {
      add({ tasksPurged: await queue.purge() });
      note('purged', true);
    },
    // What came in since is of the new epoch; and a pointer to an older one does nothing.
    count: () => Promise.resolve({ count: 0, listed: [] }),
  };
}

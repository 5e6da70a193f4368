import type { JobQueue } from '../../ports/job-queue.ts';
import { override } from './override.ts';

/** A way to break a queue, and the case that must reject it. */
export interface BrokenQueue {
  /** What it does wrong. */
  readonly name: string;
  /** Name of the conformance case that fails. */
  readonly rejectedBy: string;
  /** Breaks a sound queue. */
  readonly wrap: (queue: JobQueue) => JobQueue;
}

/** Queues that are wrong in ways that adapters are wrong in. */
export const brokenQueues: readonly BrokenQueue[] = [
  {
    name: 'it hands out every dispatch, repeated ones too',
    rejectedBy: 'the same pointer twice is one, in line and while it runs',
    wrap: (queue) => {
      let count = 0;
      return override(queue, {
        dispatch: ({ pointer, ...rest }) => queue.dispatch({ ...rest, pointer: { ...pointer, epoch: `${pointer.epoch}#${(count += 1)}` } }),
        consume: (handler, concurrency) => queue.consume((pointer, operation) => handler({ ...pointer, epoch: pointer.epoch.replace(/#.*/, '') }, operation), concurrency),
      });
    },
  },
  {
    name: 'it loses the dispatch number on the way',
    rejectedBy: 'a higher sequence of the same job, and one of another epoch, count as new',
    wrap: (queue) => override(queue, { consume: (handler, concurrency) => queue.consume((pointer, operation) => handler({ ...pointer, sequence: 1 }, operation), concurrency) }),
  },
  { name: 'it ignores the priority', rejectedBy: 'the higher priority goes first, then who came first', wrap: (queue) => override(queue, { dispatch: (dispatch) => queue.dispatch({ ...dispatch, priority: 0 }) }) },
  {
    name: 'it runs more at once than it may',
    rejectedBy: 'no more run at once than the operation allows, and one operation does not wait for another',
    wrap: (queue) => override(queue, { consume: (handler, concurrency) => queue.consume(handler, Object.fromEntries(Object.entries(concurrency).map(([name, width]) => [name, width + 1]))) }),
  },
  {
    name: 'it gives the slot away while the work still runs',
    rejectedBy: 'a slot is held until the handler has ended, and then goes to the next',
    wrap: (queue) => override(queue, { consume: (handler, concurrency) => queue.consume(async (pointer, operation) => void handler(pointer, operation), concurrency) }),
  },
  { name: 'it tells no depth', rejectedBy: 'the depth tells what waits and what runs', wrap: (queue) => override(queue, { depth: async () => ({ waiting: 0, running: 0 }) }) },
  {
    name: 'its purge drops nothing',
    rejectedBy: 'a purge drops what waits, tells how many that were, and leaves running handlers and later dispatches alone',
    wrap: (queue) => override(queue, { purge: async () => (await queue.depth()).waiting }),
  },
  { name: 'its pause does nothing', rejectedBy: 'a paused queue hands nothing out until it is resumed; running handlers go on', wrap: (queue) => override(queue, { pause: async () => undefined }) },
  { name: 'its resume does nothing', rejectedBy: 'a queue that was paused before it was consumed stays paused', wrap: (queue) => override(queue, { pause: async () => undefined, resume: async () => undefined }) },
  { name: 'its close waits for nobody', rejectedBy: 'closing waits for the handlers that run and hands out nothing more', wrap: (queue) => override(queue, { close: () => queue.close({ deadlineMs: 0 }) }) },
];

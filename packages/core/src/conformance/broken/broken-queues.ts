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
  { name: 'its close ignores the deadline', rejectedBy: 'closing gives up on handlers that do not end, at its deadline', wrap: (queue) => override(queue, { close: () => queue.close({ deadlineMs: 60_000 }) }) },
  {
    name: 'it never takes the same pointer twice',
    rejectedBy: 'dispatched again while it waits or runs it stays one; when it has ended it is handed out anew',
    wrap: (queue) => {
      const seen = new Set<string>();
      return override(queue, {
        dispatch: async (dispatch) => {
          const key = JSON.stringify(dispatch.pointer);
          if (!seen.has(key)) await queue.dispatch(dispatch);
          seen.add(key);
        },
      });
    },
  },
  {
    name: 'it takes out more than there are handlers for, and holds it',
    rejectedBy: 'what no handler is free for stays in line, where a purge finds it',
    wrap: (queue) => override(queue, {
      consume: async (handler, concurrency) => {
        let last: Promise<void> = Promise.resolve();
        await queue.consume((pointer, operation) => (last = last.then(() => handler(pointer, operation))), Object.fromEntries(Object.keys(concurrency).map((name) => [name, 100])));
      },
    }),
  },
  {
    name: 'it rests after each handler',
    rejectedBy: 'a handler that has nothing to do, as with a job that was cancelled in line, gives its slot to the next at once',
    wrap: (queue) => override(queue, { consume: (handler, concurrency) => queue.consume(async (pointer, operation) => {
      await handler(pointer, operation);
      await new Promise<void>(() => undefined);
    }, concurrency) }),
  },
  {
    name: 'it forgets what waits',
    rejectedBy: 'forgetting what has ended leaves alone what waits and what runs',
    wrap: (queue) => override(queue, { forget: async () => (await queue.purge(), 0) }),
  },
];

/** Shared queues that are wrong in ways of their own. */
export const brokenSharedQueues: readonly BrokenQueue[] = [
  { name: 'it never tells a handler that it was lost', rejectedBy: 'a handler is told when the queue has lost sight of it', wrap: (queue) => override(queue, { consume: (handler, concurrency) => queue.consume((pointer, operation) => handler(pointer, operation), concurrency) }) },
  { name: 'its pause does nothing', rejectedBy: 'a pause holds every handle, also for an operation that nobody had named before, until one resumes', wrap: (queue) => override(queue, { pause: async () => undefined }) },
  { name: 'its purge leaves it paused', rejectedBy: 'a purge drops what another handle took in, leaves running work alone, and leaves nothing paused', wrap: (queue) => override(queue, { purge: async () => (await queue.pause(), queue.purge()) }) },
  { name: 'it hides that its server is away', rejectedBy: 'without its server it takes nothing in, tells no depth and purges nothing, and says so', wrap: (queue) => override(queue, { dispatch: (dispatch) => queue.dispatch(dispatch).catch(() => undefined) }) },
  { name: 'it claims not to be shared', rejectedBy: 'what one handle takes in, another hands out, each once', wrap: (queue) => override(queue, { capabilities: { shared: false } }) },
];

import assert from 'node:assert/strict';
import type { ConformanceCase, SharedQueueHarness } from './harness.ts';
import { createRecorder, dispatch, holding, quietFor, within } from './job-queue/recorder.ts';
import type { JobQueue } from '../ports/job-queue.ts';

/** A call on a queue whose server is away may take so long. */
const patienceMs = 12_000;

type Body = (parts: { readonly queue: JobQueue; readonly other: JobQueue; readonly harness: SharedQueueHarness }) => Promise<void>;

/** A case on two handles of one line. */
const onTwo = (name: string, body: Body): ConformanceCase<SharedQueueHarness> => ({
  name,
  run: async (harness) => {
    await using queue = await harness.create();
    await using other = await harness.join(queue);
    await body({ queue, other, harness });
  },
});

async function refused(what: string, work: Promise<unknown>): Promise<void> {
  const code = await within(patienceMs, `${what} to reject`, work.then(() => 'no error', (thrown: unknown) => (thrown as { readonly code?: unknown }).code));
  assert.equal(code, 'QUEUE_UNAVAILABLE', `${what} of a queue without its server`);
}

const together: readonly ConformanceCase<SharedQueueHarness>[] = [
  onTwo('what one handle takes in, another hands out, each once', async ({ queue, other }) => {
    assert.equal(queue.capabilities.shared, true);
    const [here, there] = [createRecorder(), createRecorder()];
    await queue.consume(here.handler, { transcribe: 2 });
    await other.consume(there.handler, { transcribe: 2 });
    const ids = Array.from({ length: 60 }, (_, index) => `job ${index}`);
    await Promise.all(ids.map((id, index) => dispatch(index % 2 === 0 ? queue : other, id)));
    await within(patienceMs, 'all to be handed out', until(() => here.handed.length + there.handed.length >= ids.length));
    assert.deepEqual([...here.ids(), ...there.ids()].sort(), ids.sort());
  }),
  onTwo('what one handle is not free for goes to another', async ({ queue, other }) => {
    using here = await holding(queue);
    await dispatch(queue, 'a');
    await here.number(1);
    await dispatch(queue, 'b');
    using there = await holding(other);
    await there.number(1);
    assert.deepEqual([here.ids(), there.ids()], [['a'], ['b']]);
  }),
  onTwo('the same pointer from two handles is one', async ({ queue, other, harness }) => {
    using here = await holding(queue, { transcribe: 2 });
    await Promise.all([dispatch(queue, 'a'), dispatch(other, 'a'), dispatch(other, 'a', { again: true })]);
    await here.number(1);
    await quietFor(harness.quietMs);
    assert.deepEqual(await other.depth(), { waiting: 0, running: 1 });
    assert.deepEqual(here.ids(), ['a']);
  }),
  onTwo('a pause holds every handle, also for an operation that nobody had named before, until one resumes', async ({ queue, other, harness }) => {
    await queue.pause();
    await dispatch(other, 'a', { operation: 'download' });
    using there = await holding(other, { download: 1 });
    await quietFor(harness.quietMs);
    assert.deepEqual(there.ids(), []);
    await other.resume();
    await there.number(1);
  }),
  onTwo('a purge drops what another handle took in, leaves running work alone, and leaves nothing paused', async ({ queue, other }) => {
    using there = await holding(other);
    await dispatch(other, 'a');
    await there.number(1);
    for (const id of ['b', 'c']) await dispatch(other, id);
    assert.equal(await queue.purge(), 2);
    assert.deepEqual(await queue.depth(), { waiting: 0, running: 1 });
    there.endAll();
    await dispatch(queue, 'd');
    await there.number(2);
    assert.deepEqual(there.ids(), ['a', 'd']);
  }),
  onTwo('what comes after a handle was closed waits for another', async ({ queue, other, harness }) => {
    const here = createRecorder();
    await queue.consume(here.handler, { transcribe: 1 });
    await dispatch(queue, 'a');
    await here.number(1);
    await quietFor(harness.quietMs);
    await queue.close({ deadlineMs: 1_000 });
    await dispatch(other, 'b');
    await quietFor(harness.quietMs);
    assert.deepEqual(here.ids(), ['a']);
    using there = await holding(other);
    await there.number(1);
    assert.deepEqual(there.ids(), ['b']);
  }),
  onTwo('a handler is told when the queue has lost sight of it', async ({ queue, harness }) => {
    using here = await holding(queue);
    await dispatch(queue, 'a');
    const { signal } = await here.number(1);
    assert.ok(signal !== undefined, 'The handler gets a signal');
    assert.equal(signal.aborted, false);
    await harness.loseSight(queue);
    await within(patienceMs, 'the signal to abort', until(() => signal.aborted));
  }),
];

const away: readonly ConformanceCase<SharedQueueHarness>[] = [
  onTwo('without its server it takes nothing in, tells no depth and purges nothing, and says so', async ({ queue, harness }) => {
    await dispatch(queue, 'a');
    await using _restored = await harness.stopServer();
    await refused('dispatch', dispatch(queue, 'b'));
    await refused('depth', queue.depth());
    await refused('purge', queue.purge());
  }),
  onTwo('without its server it closes at its deadline, with work that runs and without', async ({ queue, other, harness }) => {
    using here = await holding(queue);
    await dispatch(queue, 'a');
    await here.number(1);
    using _there = await holding(other);
    await using _restored = await harness.stopServer();
    await within(2_000, 'a close with a deadline of 50 ms', queue.close({ deadlineMs: 50 }));
    await within(2_000, 'a close of an idle queue', other.close({ deadlineMs: 60_000 }));
    here.endAll();
    await within(patienceMs, 'the disposal', Promise.all([queue[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]));
  }),
  onTwo('when its server is back it goes on by itself', async ({ queue, harness }) => {
    const recorder = createRecorder();
    await queue.consume(recorder.handler, { transcribe: 1 });
    await dispatch(queue, 'a');
    await recorder.number(1);
    const stopped = await harness.stopServer();
    await refused('dispatch', dispatch(queue, 'b'));
    await stopped[Symbol.asyncDispose]();
    await within(patienceMs, 'a dispatch to be taken again', until(() => dispatch(queue, 'c').then(() => true, () => false)));
    await within(patienceMs, 'it to be handed out', until(() => recorder.handed.length >= 2));
    assert.deepEqual(recorder.ids(), ['a', 'c']);
  }),
];

/** Looks again soon until it holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await quietFor();
}

/** What a `JobQueue` whose `capabilities.shared` is true must do besides; names are unique. */
export const sharedQueueCases: readonly ConformanceCase<SharedQueueHarness>[] = Object.freeze([...together, ...away]);

import assert from 'node:assert/strict';
import type { ConformanceCase, JobQueueHarness } from './harness.ts';
import { createRecorder, dispatch, holding, onQueue, within } from './job-queue/recorder.ts';

const handingOut: readonly ConformanceCase<JobQueueHarness>[] = [
  onQueue('what was put in line before anybody consumed is handed out, with its pointer and operation', async (queue) => {
    assert.equal(queue.specVersion, 1);
    await dispatch(queue, 'a', { sequence: 7 });
    const recorder = createRecorder();
    await queue.consume(recorder.handler, { transcribe: 1 });
    const { pointer, operation } = await recorder.number(1);
    assert.deepEqual({ pointer, operation }, { pointer: { id: 'a', sequence: 7, epoch: 'epoch-1' }, operation: 'transcribe' });
  }),
  onQueue('everything is handed out, each once', async (queue) => {
    const recorder = createRecorder();
    await queue.consume(recorder.handler, { transcribe: 3, download: 2 });
    const ids = Array.from({ length: 200 }, (_, index) => `job ${index}`);
    await Promise.all(ids.map((id, index) => dispatch(queue, id, { operation: index % 3 === 0 ? 'download' : 'transcribe' })));
    await recorder.number(200);
    assert.deepEqual(new Set(recorder.ids()), new Set(ids));
    assert.equal(recorder.handed.length, 200);
  }),
  onQueue('the same pointer twice is one, in line and while it runs', async (queue, quiet) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    await recorder.number(1);
    await Promise.all([dispatch(queue, 'a'), dispatch(queue, 'b'), dispatch(queue, 'b'), dispatch(queue, 'a')]);
    assert.deepEqual(await queue.depth(), { waiting: 1, running: 1 });
    recorder.endAll();
    await recorder.number(2);
    await quiet();
    assert.deepEqual(recorder.ids(), ['a', 'b']);
  }),
  onQueue('a higher sequence of the same job, and one of another epoch, count as new', async (queue) => {
    using recorder = await holding(queue, { transcribe: 3 });
    await dispatch(queue, 'a', { sequence: 1 });
    await dispatch(queue, 'a', { sequence: 2 });
    await dispatch(queue, 'a', { sequence: 2, epoch: 'epoch-2' });
    await recorder.number(3);
    assert.deepEqual(recorder.handed.map(({ pointer }) => [pointer.epoch, pointer.sequence]), [['epoch-1', 1], ['epoch-1', 2], ['epoch-2', 2]]);
  }),
  onQueue('dispatched again while it waits or runs it stays one; when it has ended it is handed out anew', async (queue, quiet) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    const first = await recorder.number(1);
    await dispatch(queue, 'b');
    await dispatch(queue, 'a', { again: true });
    await dispatch(queue, 'b', { again: true });
    assert.deepEqual(await queue.depth(), { waiting: 1, running: 1 });
    first.end();
    (await recorder.number(2)).end();
    await quiet();
    assert.deepEqual(recorder.ids(), ['a', 'b']);
    await dispatch(queue, 'a', { again: true });
    await recorder.number(3);
    assert.deepEqual(recorder.ids(), ['a', 'b', 'a']);
  }),
  onQueue('the higher priority goes first, then who came first', async (queue) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'blocker');
    await recorder.number(1);
    for (const [id, priority] of [['low', -5], ['first', 0], ['second', 0], ['high', 10]] as const) await dispatch(queue, id, { priority });
    recorder.endAll();
    await recorder.number(5);
    assert.deepEqual(recorder.ids(), ['blocker', 'high', 'first', 'second', 'low']);
  }),
];

const slots: readonly ConformanceCase<JobQueueHarness>[] = [
  onQueue('no more run at once than the operation allows, and one operation does not wait for another', async (queue, quiet) => {
    using recorder = await holding(queue, { transcribe: 2, download: 1 });
    for (let index = 0; index < 5; index += 1) await dispatch(queue, `t${index}`);
    for (let index = 0; index < 3; index += 1) await dispatch(queue, `d${index}`, { operation: 'download' });
    await recorder.number(3);
    await quiet();
    assert.deepEqual(new Set(recorder.ids()), new Set(['t0', 't1', 'd0']));
    assert.deepEqual(await queue.depth(), { waiting: 5, running: 3 });
  }),
  onQueue('what no handler is free for stays in line, where a purge finds it', async (queue, quiet) => {
    using recorder = await holding(queue, { transcribe: 2 });
    await Promise.all(Array.from({ length: 40 }, (_, index) => dispatch(queue, `job ${index}`)));
    await recorder.number(2);
    await quiet();
    assert.deepEqual(await queue.depth(), { waiting: 38, running: 2 });
    assert.equal(await queue.purge(), 38);
  }),
  onQueue('a handler that has nothing to do, as with a job that was cancelled in line, gives its slot to the next at once', async (queue) => {
    const recorder = createRecorder();
    await queue.consume(recorder.handler, { transcribe: 1 });
    for (const id of ['cancelled', 'cancelled too', 'c']) await dispatch(queue, id);
    await recorder.number(3);
    assert.deepEqual(recorder.ids(), ['cancelled', 'cancelled too', 'c']);
  }),
  onQueue('forgetting what has ended leaves alone what waits and what runs', async (queue, quiet) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    const first = await recorder.number(1);
    for (const id of ['b', 'c']) await dispatch(queue, id);
    first.end();
    await recorder.number(2);
    await quiet();
    const forgotten = await queue.forget(0);
    assert.ok(forgotten === 0 || forgotten === 1, `Only one has ended, ${forgotten} were forgotten`);
    assert.deepEqual(await queue.depth(), { waiting: 1, running: 1 });
    assert.equal(await queue.forget(0), 0);
  }),
  onQueue('a slot is held until the handler has ended, and then goes to the next', async (queue, quiet) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    await dispatch(queue, 'b');
    const first = await recorder.number(1);
    await quiet();
    assert.deepEqual(recorder.ids(), ['a']);
    first.end();
    await recorder.number(2);
    assert.deepEqual(recorder.ids(), ['a', 'b']);
  }),
  onQueue('the depth tells what waits and what runs', async (queue) => {
    assert.deepEqual(await queue.depth(), { waiting: 0, running: 0 });
    await dispatch(queue, 'a');
    await dispatch(queue, 'b');
    assert.deepEqual(await queue.depth(), { waiting: 2, running: 0 });
    using recorder = await holding(queue);
    await recorder.number(1);
    assert.deepEqual(await queue.depth(), { waiting: 1, running: 1 });
  }),
  onQueue('a purge drops what waits, tells how many that were, and leaves running handlers and later dispatches alone', async (queue, quiet) => {
    using recorder = await holding(queue);
    for (const id of ['a', 'b', 'c']) await dispatch(queue, id);
    const first = await recorder.number(1);
    assert.equal(await queue.purge(), 2);
    assert.equal(await queue.purge(), 0);
    assert.deepEqual(await queue.depth(), { waiting: 0, running: 1 });
    first.end();
    await quiet();
    assert.deepEqual(recorder.ids(), ['a']);
    await dispatch(queue, 'b');
    await recorder.number(2);
    assert.deepEqual(recorder.ids(), ['a', 'b']);
  }),
  onQueue('a paused queue hands nothing out until it is resumed; running handlers go on', async (queue, quiet) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    const first = await recorder.number(1);
    await queue.pause();
    await dispatch(queue, 'b');
    first.end();
    await quiet();
    assert.deepEqual(recorder.ids(), ['a']);
    assert.deepEqual(await queue.depth(), { waiting: 1, running: 0 });
    await queue.resume();
    await recorder.number(2);
  }),
  onQueue('a queue that was paused before it was consumed stays paused', async (queue, quiet) => {
    await queue.pause();
    await dispatch(queue, 'a');
    using recorder = await holding(queue);
    await quiet();
    assert.deepEqual(recorder.ids(), []);
    await queue.resume();
    await recorder.number(1);
  }),
];

const closing: readonly ConformanceCase<JobQueueHarness>[] = [
  onQueue('closing waits for the handlers that run and hands out nothing more', async (queue, quiet) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    await dispatch(queue, 'b');
    const first = await recorder.number(1);
    let closed = false;
    const close = queue.close({ deadlineMs: 60_000 }).then(() => (closed = true));
    await quiet();
    assert.equal(closed, false);
    first.end();
    await close;
    await dispatch(queue, 'c').catch((thrown: unknown) => assert.equal((thrown as { readonly code?: unknown }).code, 'CLOSED', 'A closed queue ignores a dispatch, or throws CLOSED'));
    await quiet();
    assert.deepEqual(recorder.ids(), ['a']);
  }),
  onQueue('closing gives up on handlers that do not end, at its deadline', async (queue) => {
    using recorder = await holding(queue);
    await dispatch(queue, 'a');
    await recorder.number(1);
    await within(2_000, 'a close with a deadline of 30 ms', queue.close({ deadlineMs: 30 }));
    assert.deepEqual(await queue.depth(), { waiting: 0, running: 1 });
  }),
  onQueue('closing an idle queue, twice and at once, ends at once', async (queue) => {
    await Promise.all([queue.close({ deadlineMs: 60_000 }), queue.close({ deadlineMs: 60_000 })]);
    await queue.close({ deadlineMs: 60_000 });
  }),
  onQueue('closing a paused queue with a waiting job ends', async (queue) => {
    await queue.pause();
    using _recorder = await holding(queue);
    await dispatch(queue, 'a');
    await queue.close({ deadlineMs: 60_000 });
  }),
];

/** What every `JobQueue` must do; names are unique. */
export const jobQueueCases: readonly ConformanceCase<JobQueueHarness>[] = Object.freeze([...handingOut, ...slots, ...closing]);

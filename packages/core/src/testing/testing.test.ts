import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@media-jobs/foundation';
import { afterAll, expect, test } from 'vitest';
import type { Attempt } from '@media-jobs/core';
import { collectLogs, createFakeClock, fakeClockStart, noStepJobs, scriptedOperation, type ScriptStep } from '@media-jobs/core/testing';

test('a fake clock stands still, and moves by what it is told', async () => {
  const clock = createFakeClock();
  expect([clock.now(), clock.monotonic()]).toEqual([fakeClockStart, 0]);
  await clock.advance(1_500);
  expect([clock.now(), clock.monotonic()]).toEqual([fakeClockStart + 1_500, 1_500]);
  clock.jump(-1_000);
  expect([clock.now(), clock.monotonic()]).toEqual([fakeClockStart + 500, 1_500]);
});

test('timers fire in order, each at its own time, with those that they set themselves', async () => {
  const clock = createFakeClock(0);
  const fired: unknown[] = [];
  const note = (name: string) => () => void fired.push([name, clock.now()]);
  clock.after(30, note('third'));
  clock.after(10, () => {
    note('first')();
    clock.after(10, note('second'));
    clock.after(100, note('too late'));
  });
  clock.after(20, note('cancelled')).cancel();
  clock.after(30, note('same time, later set'));
  await clock.advance(30);
  expect(fired).toEqual([['first', 10], ['second', 20], ['third', 30], ['same time, later set', 30]]);
  expect(clock.pending).toBe(1);
});

test('what waits on a sleep goes on before the next timer fires', async () => {
  const clock = createFakeClock(0);
  const seen: string[] = [];
  const work = (async () => {
    await clock.sleep(10);
    await Promise.resolve();
    seen.push(`woken at ${clock.now()}`);
    await clock.sleep(5);
    seen.push(`again at ${clock.now()}`);
  })();
  clock.after(12, () => void seen.push('timer at 12'));
  await clock.advance(20);
  await work;
  expect(seen).toEqual(['woken at 10', 'timer at 12', 'again at 15']);
});

test('a sleep rejects with the reason of its signal, at once, and leaves no timer', async () => {
  const clock = createFakeClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(1_000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await expect(clock.sleep(1_000, abort.signal)).rejects.toThrow('enough');
  expect(clock.pending).toBe(0);
});

test('a log collector keeps the lines of all its children in order', () => {
  const log = collectLogs();
  log.info({ a: 1 }, 'one');
  log.child({ jobId: 'x' }).child({ attempt: 2 }).error({ a: 2 }, 'two');
  expect(log.lines).toEqual([{ level: 'info', message: 'one', fields: { a: 1 } }, { level: 'error', message: 'two', fields: { jobId: 'x', attempt: 2, a: 2 } }]);
});

const folder = await mkdtemp(join(tmpdir(), 'media-jobs-testing-'));
afterAll(() => rm(folder, { recursive: true }));

function attempt(changes: Partial<Attempt> = {}): Attempt {
  const { signal } = new AbortController();
  const artifacts = { folder, add: async () => undefined };
  return { jobId: 'mj', generation: 1, number: 1, correlationId: null, signal, kill: signal, controls: {}, tempFolder: folder, checkpointFolder: null, artifacts, jobs: noStepJobs, log: silentLogger, report: () => undefined, share: () => undefined, allow: () => undefined, ...changes };
}

test('a scripted operation plays its attempts in order, and the last again', async () => {
  const operation = scriptedOperation({ name: 'play', script: [[{ do: 'fail', code: 'STALLED', retryAfterMs: 3 }], [{ do: 'throw', error: 'text' }], [{ do: 'succeed', output: 7 }]] });
  await expect(operation.run({}, attempt())).rejects.toMatchObject({ code: 'STALLED', retryAfterMs: 3 });
  await expect(operation.run({}, attempt())).rejects.toBe('text');
  expect([await operation.run({ a: 1 }, attempt()), await operation.run({}, attempt())]).toEqual([7, 7]);
  expect(await Promise.all(operation.calls.map(({ ended }) => ended))).toEqual([{ thrown: expect.objectContaining({ code: 'STALLED' }) }, { thrown: 'text' }, 'succeeded', 'succeeded']);
  expect((await operation.started(3)).input).toEqual({ a: 1 });
});

test('a scripted attempt hangs until it is aborted, or until it is killed', async () => {
  const operation = scriptedOperation({ name: 'hang', script: [[{ do: 'hang' }], [{ do: 'hang-until-killed' }]] });
  const [soft, hard] = [new AbortController(), new AbortController()];
  const first = operation.run({}, attempt({ signal: soft.signal }));
  await operation.started(1);
  soft.abort(new Error('soft'));
  await expect(first).rejects.toThrow('soft');
  const second = operation.run({}, attempt({ signal: soft.signal, kill: hard.signal }));
  hard.abort(new Error('hard'));
  await expect(second).rejects.toThrow('hard');
});

test('a scripted attempt reports, logs, waits and writes on its way', async () => {
  const log = collectLogs();
  const done: unknown[] = [];
  const steps: readonly ScriptStep[] = [
    { do: 'report', ratio: 0.5, phase: 'half' }, { do: 'log', message: 'hello' }, { do: 'wait', for: Promise.resolve() }, { do: 'write', name: 'out.txt', content: 'text', mediaType: 'text/plain' },
  ];
  const operation = scriptedOperation({ name: 'busy', script: [steps] });
  const output = await operation.run({}, attempt({ log, report: (progress) => void done.push(progress), artifacts: { folder, add: async (...added) => void done.push(added) } }));
  expect([output, done, log.lines[0]?.message]).toEqual([null, [{ ratio: 0.5, phase: 'half' }, ['out.txt', 'text/plain']], 'hello']);
  expect(await readFile(join(folder, 'out.txt'), 'utf8')).toBe('text');
});

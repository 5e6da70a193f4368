import { createMemoryStore, defineOperation, type JobEvent } from '@media-jobs/core';
import { createFakeClock, scriptedOperation, type ScriptStep } from '@media-jobs/core/testing';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { jobEvents } from './job-event-stream.ts';
import { createJobEvents } from './job-events.ts';
import type { RunContext } from './run-context.ts';
import { leftFolders, openBench, passing, untilState } from './testing/bench.ts';
import { away, withFaults } from './testing/with-faults.ts';

afterAll(async () => expect(await leftFolders()).toEqual([]));

async function collect(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const seen: JobEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** Reports so often, with room for the listener in between. */
function reporting(gate: Promise<void>, ratios: readonly number[], end: ScriptStep) {
  const steps = ratios.flatMap((ratio): ScriptStep[] => [{ do: 'report', ratio, phase: 'hear' }, { do: 'wait', for: new Promise((resolve) => void setTimeout(resolve, 2)) }]);
  return scriptedOperation({ name: 'report', script: [[{ do: 'wait', for: gate }, ...steps, end]] });
}

test('events start with the present state, progress never falls, and the final state is the last', async () => {
  const gate = Promise.withResolvers<void>();
  const operation = reporting(gate.promise, [0.1, 0.6, 0.3, 0.9], { do: 'succeed' });
  await using bench = await openBench({ operations: [operation], realTime: true });
  const job = await bench.jobs.submit('report', {});
  const events = collect(job.events());
  gate.resolve();
  const seen = await events;
  expect(['queued', 'running']).toContain(seen[0]?.state);
  expect(seen.at(-1)).toEqual({ jobId: job.id, generation: 1, state: 'completed', progress: 1, phase: 'completed' });
  expect(seen.filter(({ state }) => state === 'completed')).toHaveLength(1);
  const ratios = seen.map(({ progress }) => progress);
  expect(ratios).toEqual([...ratios].sort((left, right) => left - right));
  expect(ratios).toContain(0.9);
});

test('a listener that comes late gets the present state first, and after the end the final state only', async () => {
  const gate = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const operation = scriptedOperation({ name: 'report', script: [[{ do: 'report', ratio: 0.4, phase: 'hear' }, { do: 'wait', for: gate.promise }, { do: 'report', ratio: 0.8, phase: 'write' }, { do: 'wait', for: second.promise }]] });
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('report', {});
  await operation.started(1);
  await bench.clock.advance(1_000);
  const late = job.events()[Symbol.asyncIterator]();
  expect((await late.next()).value).toMatchObject({ state: 'running', progress: 0.4, phase: 'hear' });
  gate.resolve();
  expect((await passing(bench.clock, late.next())).value).toMatchObject({ state: 'running', progress: 0.8, phase: 'write' });
  second.resolve();
  expect((await passing(bench.clock, late.next())).value).toMatchObject({ state: 'completed', progress: 1 });
  expect((await late.next()).done).toBe(true);
  expect(await collect(job.events())).toEqual([{ jobId: job.id, generation: 1, state: 'completed', progress: 1, phase: 'completed' }]);
});

test('a failed job keeps the last progress that it told, and its events end', async () => {
  const operation = scriptedOperation({ name: 'report', script: [[{ do: 'report', ratio: 0.1, phase: 'a' }, { do: 'report', ratio: 0.7, phase: 'b' }, { do: 'fail', code: 'NO_AUDIO' }]] });
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('report', {});
  const seen = await collect(job.events());
  expect(seen.at(-1)).toMatchObject({ state: 'failed', progress: 0.7 });
  expect((await job.record()).progress).toBe(0.7);
});

test('what the store has not heard of yet takes nothing back: neither progress nor phase', async () => {
  const clock = createFakeClock();
  const hub = createJobEvents();
  let record = { id: 'mj_a', generation: 1, state: 'running', progress: 0.2, phase: 'decode' };
  const store = { epoch: () => Promise.resolve('e'), get: () => Promise.resolve(record) };
  const seen: unknown[] = [];
  const context = { store, events: hub, clock, pollIntervalMs: 1_000, closed: new AbortController().signal } as unknown as RunContext;
  const following = (async () => {
    for await (const { state, progress, phase } of jobEvents(context, { id: 'mj_a', epoch: 'e' })) seen.push([state, progress, phase]);
  })();
  await clock.advance(0);
  hub.emit({ id: 'mj_a', generation: 1, state: 'running', progress: 0.8, phase: 'hear' });
  await clock.advance(1_000);
  record = { ...record, state: 'queued', phase: 'waiting' };
  await clock.advance(1_000);
  record = { ...record, state: 'failed', phase: 'waiting' };
  await clock.advance(1_000);
  await following;
  expect(seen).toEqual([['running', 0.2, 'decode'], ['running', 0.8, 'hear'], ['queued', 0.8, 'waiting'], ['failed', 0.8, 'waiting']]);
});

test('events carry what the operation shares, all of it and in order, also to somebody who reads slowly', async () => {
  const gate = Promise.withResolvers<void>();
  const operation = defineOperation({
    name: 'tell', version: 1, input: z.looseObject({}), output: z.null(), limits: { softTimeoutMs: 60_000, hardTimeoutMs: 90_000 },
    async run(_input, attempt) {
      await gate.promise;
      for (let part = 1; part <= 30; part += 1) {
        attempt.share(part);
        if (part % 10 === 0) await new Promise((resolve) => void setTimeout(resolve, 100));
      }
      return null;
    },
  });
  await using bench = await openBench({ operations: [operation], realTime: true });
  const job = await bench.jobs.submit('tell', {});
  const parts: unknown[] = [];
  const progress: number[] = [];
  for await (const event of job.events()) {
    if (event.state === 'running') gate.resolve();
    parts.push(...(event.parts ?? []));
    progress.push(event.progress);
    await new Promise((resolve) => void setTimeout(resolve, 150));
  }
  expect(parts).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  expect(progress).toEqual([...progress].sort((left, right) => left - right));
});

test('who stops listening leaves no listener and no timer behind', async () => {
  const gate = Promise.withResolvers<void>();
  const operation = scriptedOperation({ name: 'report', script: [[{ do: 'wait', for: gate.promise }]] });
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('report', {});
  await operation.started(1);
  const before = bench.clock.pending;
  await untilState(job, 'running');
  const impatient = new AbortController();
  const waiting = job.wait({ signal: impatient.signal, timeoutMs: 50_000 });
  impatient.abort(new Error('enough'));
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: expect.objectContaining({ message: 'enough' }) });
  expect(bench.clock.pending).toBe(before);
  gate.resolve();
  await job.wait();
});

test('a wait ends at its deadline, and the job goes on', async () => {
  const gate = Promise.withResolvers<void>();
  const operation = scriptedOperation({ name: 'report', script: [[{ do: 'wait', for: gate.promise }]] });
  await using bench = await openBench({ operations: [operation] });
  const job = await bench.jobs.submit('report', {});
  await operation.started(1);
  const waiting = expect(job.result({ timeoutMs: 2_500 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  await bench.clock.advance(2_500);
  await waiting;
  gate.resolve();
  await job.result();
});

test('losing every hint, and the store for a while, loses no result', async () => {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  let gets = 0;
  const deaf = withFaults(new Proxy(store, { get: (target, name) => (name === 'watch' ? () => ({ [Symbol.dispose]: () => undefined }) : (Reflect.get(target, name) as unknown)) }), {
    get: (real) => async (id) => {
      if ((gets += 1) % 3 === 0) throw away();
      return real(id);
    },
  });
  const operation = scriptedOperation({ name: 'far', script: [[{ do: 'succeed', output: 5 }]] });
  await using worker = await openBench({ operations: [operation], store: new Proxy(store, { get: (target, name) => (name === Symbol.asyncDispose ? () => Promise.resolve() : (Reflect.get(target, name) as unknown)) }), clock });
  await using watcher = await openBench({ operations: [operation], store: deaf, clock, worker: false });
  const job = await watcher.jobs.submit('far', {});
  expect(await passing(clock, job.result())).toBe(5);
  expect((await worker.jobs.list()).jobs).toHaveLength(1);
});

test('waiting for a job that expires or is deleted ends with JOB_EXPIRED', async () => {
  const operation = scriptedOperation({ name: 'quick' });
  await using bench = await openBench({ operations: [operation], ttlHours: 1 });
  const job = await bench.jobs.submit('quick', {});
  await job.result();
  await bench.jobs.delete(job.id);
  for (const call of [() => job.wait(), () => job.result(), () => job.record(), () => job.files(), () => collect(job.events())]) await expect(call()).rejects.toMatchObject({ code: 'JOB_EXPIRED' });
  expect(await bench.jobs.get(job.id)).toBeNull();
});

import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { resetAll, type ResetControls, type ResetPhase, type ResetProgress, type ResetRequest, type Resettable } from '@media-jobs/cleanup';

type Acts = Partial<Omit<Resettable, 'name' | 'kind'>>;

/** A target that writes down what it is told to do. */
function target(name: string, log: string[], acts: Acts = {}, kind: Resettable['kind'] = 'files'): Resettable {
  const noted = (phase: ResetPhase) => async (controls: ResetControls): Promise<void> => {
    log.push(`${phase} ${name}`);
    await (acts as Record<string, ((controls: ResetControls) => Promise<void>) | undefined>)[phase]?.(controls);
  };
  return {
    name,
    kind,
    begin: noted('begin'),
    stop: noted('stop'),
    collect: noted('collect'),
    count: acts.count ?? (() => Promise.resolve({ count: 0, listed: [] })),
    end: async (request: ResetRequest) => {
      log.push(`end ${name}`);
      await acts.end?.(request);
    },
  };
}

test('each phase ends for all targets before the next begins, and models go after all others', async () => {
  const log: string[] = [];
  const slow: Acts = { begin: () => setTimeout(20), stop: () => setTimeout(20), collect: () => setTimeout(20) };
  const report = await resetAll([target('models', log, {}, 'models'), target('files', log, slow)], { models: true });
  expect(log).toEqual(['begin models', 'begin files', 'stop models', 'stop files', 'collect files', 'collect models', 'end models', 'end files']);
  expect(report).toMatchObject({ ok: true, errors: [], left: 0, level: 'basic' });
});

test('models and queues take part only when they are asked for', async () => {
  const log: string[] = [];
  const targets = [target('m', log, {}, 'models'), target('q', log, {}, 'queue'), target('f', log)];
  expect(Object.keys((await resetAll(targets)).perTarget)).toEqual(['f']);
  expect(Object.keys((await resetAll(targets, { models: true })).perTarget)).toEqual(['m', 'f']);
  expect(Object.keys((await resetAll(targets, { queue: true })).perTarget)).toEqual(['q', 'f']);
});

test('the report adds up what the targets told, in all and for each', async () => {
  const log: string[] = [];
  const report = await resetAll([
    target('jobs', log, { collect: async ({ add, note }) => { add({ jobsRemoved: 2 }); add({ jobsRemoved: 3 }); note('flushed', true); } }, 'jobs'),
    target('files', log, { collect: async ({ add }) => add({ filesDeleted: 7, bytesFreed: 1024 }) }),
    target('queue', log, { collect: async ({ add, note }) => { add({ tasksPurged: 5 }); note('purged', true); } }, 'queue'),
  ], { level: 'deep', queue: true });
  expect(report).toMatchObject({ ok: true, level: 'deep', jobsRemoved: 5, filesDeleted: 7, bytesFreed: 1024, tasksPurged: 5, modelsDeleted: 0, redisFlushed: true, queuePurged: true });
  expect(report.perTarget['jobs']).toMatchObject({ kind: 'jobs', jobsRemoved: 5, filesDeleted: 0, failures: 0, left: { count: 0, listed: [] } });
  expect(report.message).toMatch(/^The reset is complete: 5 jobs and 7 files/);
});

test('what one target cannot do stops neither the others nor its own next phase, and stands in the report', async () => {
  const log: string[] = [];
  const broken = target('broken', log, {
    begin: () => Promise.reject(new Error('no begin')),
    stop: () => Promise.reject(Object.assign(new Error('x'), { code: 'EIO' })),
    collect: async ({ fail, add }) => { fail('/a', Object.assign(new Error('x'), { code: 'EACCES' })); add({ filesDeleted: 1 }); },
    count: () => Promise.resolve({ count: 1, listed: ['/a'] }),
    end: () => Promise.reject(new Error('no end')),
  });
  const report = await resetAll([broken, target('sound', log, { collect: async ({ add }) => add({ filesDeleted: 1 }) })]);
  expect(log.filter((line) => line.endsWith('sound'))).toHaveLength(4);
  expect(report).toMatchObject({ ok: false, filesDeleted: 2, left: 1 });
  expect(report.errors).toEqual([
    { target: 'broken', path: 'broken', reason: 'no begin' },
    { target: 'broken', path: 'broken', reason: 'EIO' },
    { target: 'broken', path: '/a', reason: 'EACCES' },
    { target: 'broken', path: 'broken', reason: 'no end' },
  ]);
  expect(report.perTarget['broken']).toMatchObject({ failures: 4, left: { count: 1, listed: ['/a'] } });
  expect(report.message).toMatch(/^The reset is incomplete/);
});

test('what is found after the collecting and has no reason is collected again, and then is no failure', async () => {
  const log: string[] = [];
  let late = 2;
  const report = await resetAll([target('late', log, { collect: async ({ fail }) => (late > 0 ? fail('/busy', 'EBUSY') : undefined), count: () => Promise.resolve({ count: late > 0 ? 1 + late-- : 0, listed: [] }) })]);
  expect(report).toMatchObject({ ok: true, left: 0, errors: [] });
  expect(log.filter((line) => line === 'collect late')).toHaveLength(3);
});

test('something that stays without a reason ends the counting, and the reset is not ok', async () => {
  const report = await resetAll([target('ghost', [], { count: () => Promise.resolve({ count: 2, listed: ['a', 'b'] }) })]);
  expect(report).toMatchObject({ ok: false, left: 2, errors: [], perTarget: { ghost: { left: { count: 2, listed: ['a', 'b'] } } } });
});

test('a phase that does not end in time is cut off by its signal, and what it had done is in the report', async () => {
  const log: string[] = [];
  const slow = target('slow', log, {
    collect: ({ add, signal }) => {
      add({ filesDeleted: 3 });
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  });
  const deaf = target('deaf', log, { stop: () => new Promise(() => undefined) });
  const report = await resetAll([slow, deaf], { deadlinesMs: { collect: 30, stop: 30 } });
  expect(report).toMatchObject({ ok: false, filesDeleted: 3 });
  expect(report.errors.map(({ target: of, reason }) => [of, reason])).toEqual([['slow', expect.stringContaining('within 30 ms')], ['deaf', expect.stringContaining('`stop` of deaf')]]);
  expect(log).toContain('collect deaf');
});

test('calls at the same time share one run, also when they ask for less, and a call that asks for more runs after it', async () => {
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const shared = target('shared', log, { begin: () => gate.promise });
  const calls = [{ level: 'deep', queue: true } as const, { level: 'deep' } as const, {}, { level: 'deep', models: true } as const].map((options) => resetAll([shared], options));
  await setTimeout(5);
  expect(log).toEqual(['begin shared']);
  gate.resolve();
  const [first, second, third, fourth] = await Promise.all(calls);
  expect([second!.resetId, third!.resetId]).toEqual([first!.resetId, first!.resetId]);
  expect(fourth!.resetId).not.toBe(first!.resetId);
  expect(log.filter((line) => line === 'begin shared')).toHaveLength(2);
  expect((await resetAll([shared])).resetId).not.toBe(first!.resetId);
});

test('two resets never work on one target at the same time, and others do not wait', async () => {
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const [held, free] = [target('held', log, { begin: () => gate.promise }), target('free', log)];
  const first = resetAll([held]);
  const both = resetAll([held, free], { level: 'deep' });
  await resetAll([free]);
  expect(log.filter((line) => line === 'begin held')).toHaveLength(1);
  gate.resolve();
  await Promise.all([first, both]);
  expect(log.filter((line) => line === 'begin held')).toHaveLength(2);
});

test('progress tells each step with what is done so far, and a listener that throws stops nothing', async () => {
  const events: ResetProgress[] = [];
  await resetAll([target('one', [], { collect: async ({ add }) => add({ filesDeleted: 2 }) })], { onProgress: (event) => { events.push(event); throw new Error('deaf'); } });
  expect(events.map(({ phase, state }) => `${phase} ${state}`)).toEqual(['begin begins', 'begin ends', 'stop begins', 'stop ends', 'collect begins', 'collect ends', 'verify begins', 'verify ends']);
  expect(events.at(-1)).toMatchObject({ target: 'one', counts: { filesDeleted: 2 } });
});

test('a flag that is no boolean, a level that is none and two targets of one name are refused', async () => {
  await expect(resetAll([], { models: 'false' as unknown as boolean })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(resetAll([], { level: 'total' as 'deep' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(resetAll([target('a', []), target('a', [])])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

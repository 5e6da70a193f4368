import { MediaJobError, silentLogger } from '@media-jobs/foundation';
import { collectLogs, createFakeClock, type FakeClock } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createFakeEngine, type FakeEngine, type FakeSession } from '../testing/fake-engine.ts';
import { EngineLane, type EngineLaneOptions, type LaneRequest } from './engine-lane.ts';

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
};

interface Setting {
  readonly lane: EngineLane;
  readonly engine: FakeEngine;
  readonly clock: FakeClock;
  /** The session that was opened last. */
  readonly last: () => FakeSession;
}

function setUp(keepAliveMs: number, { engine = createFakeEngine(), ...options }: Partial<EngineLaneOptions> & { engine?: FakeEngine } = {}): Setting {
  const clock = createFakeClock();
  const lane = new EngineLane({ engine, open: { modelFile: '/model', threads: 2 }, keepAliveMs, clock, logger: silentLogger, ...options });
  return { lane, engine, clock, last: () => engine.sessions.at(-1) as FakeSession };
}

const request = (signal?: AbortSignal): LaneRequest => ({
  wavFile: '/wav', durationSeconds: 1, language: 'en', translate: false, beamSize: 1, loadTimeoutMs: 1000, modelStamp: 'one', ...(signal === undefined ? {} : { signal }),
});

test('with no time to live the engine is released after each run, and the receipt comes with the result', async () => {
  const { lane, engine, last } = setUp(0);
  for (let round = 1; round <= 2; round += 1) {
    const run = lane.run(request());
    await settle();
    last().finish();
    expect((await run).release).toMatchObject({ proof: 'process-gone', pid: 4_000_000 + round });
    expect(last().released).toBe(true);
  }
  expect(engine.sessions).toHaveLength(2);
});

test('a warm engine serves the next run, and its time to live counts from the end of the last one', async () => {
  const { lane, engine, clock, last } = setUp(1000);
  for (let round = 0; round < 3; round += 1) {
    const run = lane.run(request());
    await settle();
    await clock.advance(5000);
    last().finish();
    expect((await run).release).toMatchObject({ proof: 'kept-warm', exitedAt: null, pid: 4_000_001 });
    await clock.advance(999);
  }
  expect(engine.sessions).toHaveLength(1);
  expect(last().released).toBe(false);
  await clock.advance(1);
  expect(last().released).toBe(true);
});

test('an engine that is kept for ever has no timer, and is released by unload', async () => {
  const { lane, clock, last } = setUp(Infinity);
  const run = lane.run(request());
  await settle();
  last().finish();
  await run;
  expect(clock.pending).toBe(0);
  expect(await lane.unload()).toMatchObject({ proof: 'process-gone' });
  expect(await lane.unload()).toBeNull();
});

test('one request is in flight at a time, and the others follow in order', async () => {
  const { lane, last } = setUp(Infinity);
  const files: string[] = [];
  const runs = ['/a', '/b', '/c'].map(async (wavFile) => {
    await lane.run({ ...request(), wavFile });
    files.push(wavFile);
  });
  for (let round = 1; round <= 3; round += 1) {
    await settle();
    expect(last().requests).toHaveLength(round);
    last().finish();
  }
  await Promise.all(runs);
  expect(files).toEqual(['/a', '/b', '/c']);
});

test('a fault releases the engine before the run rejects, and the next run opens another', async () => {
  const { lane, engine, last } = setUp(Infinity);
  const run = lane.run(request());
  await settle();
  last().fail(new MediaJobError('ENGINE_FAILED', { message: 'x' }));
  await expect(run).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  expect(last().released).toBe(true);
  const next = lane.run(request());
  await settle();
  last().finish();
  await expect(next).resolves.toBeDefined();
  expect(engine.sessions).toHaveLength(2);
});

test('an abort releases the engine, and one in line leaves the running one alone', async () => {
  const { lane, engine, last } = setUp(Infinity);
  const running = new AbortController();
  const waiting = new AbortController();
  const first = lane.run(request(running.signal));
  const second = lane.run(request(waiting.signal));
  await settle();
  waiting.abort();
  await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
  expect(last().released).toBe(false);
  running.abort(new MediaJobError('CANCELLED', { message: 'The job was cancelled.' }));
  await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(engine.sessions.map(({ released }) => released)).toEqual([true]);
});

test('a warm engine that died while nobody used it is replaced without an error', async () => {
  const { lane, engine, last } = setUp(Infinity);
  const run = lane.run(request());
  await settle();
  last().finish();
  await run;
  last().usable = false;
  const next = lane.run(request());
  await settle();
  last().finish();
  await expect(next).resolves.toBeDefined();
  expect(engine.sessions.map(({ released }) => released)).toEqual([true, false]);
});

test('an engine that holds a former model is replaced', async () => {
  const { lane, engine, last } = setUp(Infinity);
  for (const modelStamp of ['one', 'one', 'two']) {
    const run = lane.run({ ...request(), modelStamp });
    await settle();
    last().finish();
    await run;
  }
  expect(engine.sessions.map(({ requests, released }) => [requests.length, released])).toEqual([[2, true], [1, false]]);
});

test('who kills a run in line takes it out of the line', async () => {
  const { lane, last } = setUp(Infinity);
  const kill = new AbortController();
  const first = lane.run(request());
  const second = lane.run({ ...request(), kill: kill.signal });
  await settle();
  kill.abort();
  await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
  last().finish();
  await expect(first).resolves.toBeDefined();
});

test('an engine that cannot be opened leaves the lane ready for the next run', async () => {
  const { lane, engine, last } = setUp(0);
  engine.openError = new MediaJobError('MEMORY_SHORT', { message: 'x' });
  await expect(lane.run(request())).rejects.toMatchObject({ code: 'MEMORY_SHORT' });
  const run = lane.run(request());
  await settle();
  last().finish();
  await expect(run).resolves.toBeDefined();
});

test('the idle timer stands still while a run is under way, however many follow each other', async () => {
  const { lane, engine, clock, last } = setUp(1000);
  const runs = [lane.run(request()), lane.run(request())];
  await settle();
  last().finish();
  await runs[0];
  await settle();
  expect(clock.pending).toBe(0);
  await clock.advance(5000);
  last().finish();
  await runs[1];
  expect(clock.pending).toBe(1);
  await clock.advance(1000);
  expect(engine.sessions.map(({ released }) => released)).toEqual([true]);
});

test('a run that comes while an idle engine is being ended gets a new one', async () => {
  const { lane, engine, clock, last } = setUp(1000);
  const first = lane.run(request());
  await settle();
  last().finish();
  await first;
  const ended = clock.advance(1000);
  const second = lane.run(request());
  await ended;
  await settle();
  last().finish();
  await expect(second).resolves.toMatchObject({ release: { proof: 'kept-warm' } });
  expect(engine.sessions.filter(({ released }) => !released)).toHaveLength(1);
});

test('disposal aborts the run and those in line with CLOSED, and resolves when the engine is gone', async () => {
  const { lane, last } = setUp(Infinity);
  const runs = Promise.allSettled([lane.run(request()), lane.run(request())]);
  await settle();
  await lane[Symbol.asyncDispose]();
  expect(last().released).toBe(true);
  expect((await runs).map((run) => run.status === 'rejected' && (run.reason as MediaJobError).code)).toEqual(['CLOSED', 'CLOSED']);
  await expect(lane.run(request())).rejects.toMatchObject({ code: 'CLOSED' });
});

test('a program that is started for each run is released after each, whatever the time to live', async () => {
  const { lane, last } = setUp(Infinity, { engine: createFakeEngine({ warm: false }) });
  const run = lane.run(request());
  await settle();
  last().finish();
  expect((await run).release).toMatchObject({ proof: 'process-gone' });
});

test('every receipt is logged, by the logger of the run where there is one', async () => {
  const logger = collectLogs();
  const { lane, last } = setUp(0, { logger });
  for (const more of [{}, { logger: logger.child({ jobId: 'mj_1' }) }]) {
    const run = lane.run({ ...request(), ...more });
    await settle();
    last().finish();
    await run;
  }
  const line = { level: 'info', message: 'engine released', fields: { engine: 'fake', release: { pid: 4_000_001, proof: 'process-gone' } } };
  expect(logger.lines).toMatchObject([line, { ...line, fields: { jobId: 'mj_1', release: { pid: 4_000_002 } } }]);
});

test('what was waited, loaded, heard and released is told apart', async () => {
  const { lane, clock, last } = setUp(0);
  const first = lane.run(request());
  const second = lane.run(request());
  await settle();
  await clock.advance(300);
  last().finish();
  await first;
  await settle();
  await clock.advance(200);
  last().finish();
  expect(await second).toMatchObject({ waitMs: 300, loadMs: 0, transcribeMs: 200, releaseMs: 0 });
});

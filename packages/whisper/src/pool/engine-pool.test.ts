import { join } from 'node:path';
import { gpuMemory, type GpuMemory } from '@media-jobs/cleanup';
import type { Engine } from '@media-jobs/core';
import { MediaJobError, silentLogger, systemClock } from '@media-jobs/foundation';
import { collectLogs } from '@media-jobs/core/testing';
import { expect, test } from 'vitest';
import { createFakeEngine, type FakeEngine } from '../testing/fake-engine.ts';
import { scriptedDriver, type ScriptedDriver } from '../testing/scripted-driver.ts';
import { testFolder } from '../testing/test-folder.ts';
import { EnginePool, type EnginePoolOptions, type PoolGpu, type PoolRequest } from './engine-pool.ts';
import { GpuAdmission, gpuNeedMiB } from './gpu-admission.ts';

const folder = testFolder();
const mebibyte = 1024 * 1024;

const request = (more: Partial<PoolRequest> = {}): PoolRequest => ({
  wavFile: '/wav', durationSeconds: 1, language: 'en', translate: false, beamSize: 1, loadTimeoutMs: 1000, modelStamp: 'one', modelBytes: 100 * mebibyte, ...more,
});

function setUp(options: Partial<EnginePoolOptions> = {}): { readonly engine: FakeEngine; readonly pool: EnginePool } {
  const engine = createFakeEngine();
  const pool = new EnginePool({ engine, open: { modelFile: '/model', threads: 1 }, lanes: 1, keepAliveMs: 0, recycle: {}, gpu: undefined, requireRelease: false, clock: systemClock, logger: silentLogger, ...options });
  return { engine, pool };
}

/** Ends the run that is under way at this session, once it has begun. */
async function finish(engine: FakeEngine, session: number, run: number): Promise<void> {
  await expect.poll(() => engine.sessions[session]?.requests.length ?? 0, { timeout: 10_000 }).toBeGreaterThanOrEqual(run);
  engine.sessions[session]?.finish();
}

function card(driver: ScriptedDriver, memoryWaitMs = 0): PoolGpu {
  const read = (signal?: AbortSignal): Promise<GpuMemory> => gpuMemory({ command: driver.command, ...(signal === undefined ? {} : { signal }) });
  const admission = new GpuAdmission({ read, lockFolder: join(folder, 'locks'), runsPerGpu: 1, reserveMiB: 0, memoryWaitMs, clock: systemClock, logger: silentLogger });
  return { uuid: driver.uuid, read, admission };
}

const outOfMemory = (): MediaJobError => new MediaJobError('MEMORY_SHORT', { message: 'none left' });

test('a burst shares one engine that would otherwise end after each run', async () => {
  const { engine, pool } = setUp();
  const runs = Promise.all([pool.run(request()), pool.run(request()), pool.run(request())]);
  for (let round = 1; round <= 3; round += 1) await finish(engine, 0, round);
  expect((await runs).map(({ release }) => release?.proof)).toEqual(['kept-warm', 'kept-warm', 'process-gone']);
  expect(engine.sessions).toHaveLength(1);
});

test('an engine that was kept for somebody who gave up is ended', async () => {
  const { engine, pool } = setUp();
  const control = new AbortController();
  const first = pool.run(request());
  const second = pool.run(request({ signal: control.signal }));
  const given = expect(second).rejects.toMatchObject({ code: 'ABORTED' });
  await finish(engine, 0, 1);
  control.abort();
  await first;
  await given;
  await expect.poll(() => engine.sessions[0]?.released).toBe(true);
});

test('an engine that was kept for more of the same work is ended when none comes', async () => {
  for (const lanes of [1, 2]) {
    const { engine, pool } = setUp({ lanes });
    const running = pool.run(request({ more: () => true }));
    await finish(engine, 0, 1);
    expect((await running).release).toMatchObject({ proof: 'kept-warm' });
    expect(await pool.endKept()).toMatchObject({ proof: 'process-gone', pid: 4_000_001 });
    expect([engine.sessions[0]?.released, await pool.endKept()]).toEqual([true, null]);
  }
});

test('the end of one work waits for no other, and leaves its engine alone', async () => {
  const { engine, pool } = setUp();
  const [first, second] = [pool.run(request({ more: () => true })), pool.run(request())];
  await finish(engine, 0, 1);
  await first;
  expect([await pool.endKept(), engine.sessions[0]?.released]).toEqual([null, false]);
  await finish(engine, 0, 2);
  expect((await second).release).toMatchObject({ proof: 'process-gone' });
});

test('several lanes work at a time, and the next in line goes to a warm one', async () => {
  const { engine, pool } = setUp({ lanes: 2, keepAliveMs: Infinity });
  const runs = [pool.run(request()), pool.run(request()), pool.run(request())];
  await finish(engine, 0, 1);
  await runs[0];
  await finish(engine, 0, 2);
  await finish(engine, 1, 1);
  await Promise.all(runs);
  expect(engine.sessions).toHaveLength(2);
  expect(await pool.unload()).toMatchObject({ proof: 'process-gone' });
});

test('never more models are loaded than there are lanes, also where each run wants another', async () => {
  const engine = createFakeEngine();
  const loaded: number[] = [];
  const counting: Engine = {
    ...engine,
    async open(options) {
      const session = await engine.open(options);
      loaded.push(engine.sessions.filter(({ released }) => !released).length);
      return Object.assign(session, { transcribe: () => Promise.resolve({ segments: [], language: 'en', warnings: [] }) });
    },
  };
  const { pool } = setUp({ engine: counting, lanes: 2, keepAliveMs: Infinity });
  await Promise.all(Array.from({ length: 7 }, (_, index) => pool.run(request({ modelStamp: `model-${index}` }))));
  expect([loaded.length, Math.max(...loaded)]).toEqual([7, 2]);
  await pool.unload();
  expect(engine.sessions.filter(({ released }) => !released)).toEqual([]);
});

test('a warm engine is recycled after its runs, and the receipt says why', async () => {
  const { engine, pool } = setUp({ keepAliveMs: Infinity, recycle: { maxRuns: 2 } });
  for (let run = 1; run <= 2; run += 1) {
    const running = pool.run(request());
    await finish(engine, 0, run);
    expect((await running).release).toMatchObject(run === 1 ? { proof: 'kept-warm' } : { proof: 'process-gone', recycled: 'runs' });
  }
});

test('a warm engine whose memory on the card grows is recycled; the receipt says so, and whether the card has it back', async () => {
  const driver = scriptedDriver(folder, 'leaking');
  const logger = collectLogs();
  const { engine, pool } = setUp({ keepAliveMs: Infinity, gpu: card(driver), logger });
  for (const [run, usedMiB] of [[1, 900], [2, 950], [3, 1200]] as const) {
    const running = pool.run(request());
    await expect.poll(() => engine.sessions[0]?.requests.length, { timeout: 10_000 }).toBe(run);
    driver.set({ usedMiB, pids: [4_000_001] });
    if (run === 3) engine.sessions[0]?.onRelease(() => driver.set({ usedMiB: 110, pids: [] }));
    engine.sessions[0]?.finish();
    const { release } = await running;
    if (run < 3) expect(release).toMatchObject({ proof: 'kept-warm', gpu: { beforeMiB: 100, peakMiB: usedMiB } });
    else expect(release).toMatchObject({ proof: 'absent-from-driver', recycled: 'memory', gpu: { uuid: driver.uuid, beforeMiB: 100, peakMiB: 1200, afterMiB: 110 } });
  }
  expect(logger.lines.some(({ message }) => message === 'engine released')).toBe(true);
}, 60_000);

test('a run whose memory does not come back fails where that is required', async () => {
  const driver = scriptedDriver(folder, 'kept');
  const { engine, pool } = setUp({ gpu: card(driver), requireRelease: true });
  const running = pool.run(request());
  const failed = expect(running).rejects.toMatchObject({ code: 'RELEASE_UNPROVEN' });
  await expect.poll(() => engine.sessions.length, { timeout: 10_000 }).toBe(1);
  driver.set({ usedMiB: 700 });
  engine.sessions[0]?.finish();
  await failed;
}, 60_000);

test('steps down when memory runs out, each by name: the same again, one beam, the smaller model, the processor', async () => {
  const driver = scriptedDriver(folder, 'full');
  const { engine, pool } = setUp({ gpu: card(driver) });
  const running = pool.run(request({ beamSize: 5, smallerModel: { file: '/small', bytes: mebibyte, stamp: 'small' } }));
  for (let session = 0; session < 4; session += 1) {
    await expect.poll(() => engine.sessions[session]?.requests.length, { timeout: 10_000 }).toBe(1);
    engine.sessions[session]?.fail(outOfMemory());
  }
  await finish(engine, 4, 1);
  expect((await running).degraded).toEqual(['retry', 'smaller-beam', 'smaller-model', 'cpu']);
  expect(engine.sessions.map((session) => session.requests[0]?.beamSize)).toEqual([5, 5, 1, 1, 1]);
  expect(engine.opened.map(({ modelFile, device }) => [modelFile, device])).toEqual([['/model', driver.uuid], ['/model', driver.uuid], ['/model', driver.uuid], ['/small', driver.uuid], ['/small', 'cpu']]);
}, 60_000);

test('memory that runs out at the last step is an error', async () => {
  const { engine, pool } = setUp();
  const running = pool.run(request());
  const failed = expect(running).rejects.toMatchObject({ code: 'MEMORY_SHORT' });
  for (let session = 0; session < 2; session += 1) {
    await expect.poll(() => engine.sessions[session]?.requests.length).toBe(1);
    engine.sessions[session]?.fail(outOfMemory());
  }
  await failed;
});

test('a card without room for the model is not loaded: the run goes to the processor', async () => {
  const driver = scriptedDriver(folder, 'small');
  driver.set({ totalMiB: 500, usedMiB: 300 });
  const { engine, pool } = setUp({ gpu: card(driver) });
  const running = pool.run(request());
  await finish(engine, 0, 1);
  expect((await running).degraded).toEqual(['retry', 'cpu']);
  expect(engine.opened).toMatchObject([{ device: 'cpu' }]);
}, 60_000);

test('two transcribers share a card one run at a time, the first who asks first', async () => {
  const driver = scriptedDriver(folder, 'shared');
  const [one, other] = [setUp({ gpu: card(driver) }), setUp({ gpu: card(driver) })];
  const ended: string[] = [];
  const first = one.pool.run(request()).then(() => ended.push('one'));
  await expect.poll(() => one.engine.sessions[0]?.requests.length, { timeout: 10_000 }).toBe(1);
  const second = other.pool.run(request()).then(() => ended.push('other'));
  await new Promise((resolve) => void setTimeout(resolve, 300));
  expect(other.engine.opened).toEqual([]);
  one.engine.sessions[0]?.finish();
  await first;
  await finish(other.engine, 0, 1);
  await second;
  expect(ended).toEqual(['one', 'other']);
}, 60_000);

test('the need of a card is near what was published for whisper.cpp', () => {
  expect(gpuNeedMiB(3094 * mebibyte, 1)).toBeGreaterThan(4100);
  expect(gpuNeedMiB(3094 * mebibyte, 1)).toBeLessThan(4300);
  expect(gpuNeedMiB(466 * mebibyte, 1)).toBeGreaterThan(850);
  expect(gpuNeedMiB(466 * mebibyte, 5)).toBeGreaterThan(gpuNeedMiB(466 * mebibyte, 1));
});

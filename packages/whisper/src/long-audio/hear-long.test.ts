import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '@media-jobs/core';
import { collectLogs, createFakeClock } from '@media-jobs/core/testing';
import { ownerId, processesOf } from '@media-jobs/process';
import { createWhisper } from '@media-jobs/whisper';
import { expect, test, vi } from 'vitest';
import { writeBursts } from '../testing/bursts.ts';
import { createBurstEngine } from '../testing/burst-engine.ts';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { testFolder } from '../testing/test-folder.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 120_000 });

const folder = testFolder();
/** Says the same in each chunk, whatever is in it. */
const model = writeScriptedModel(join(folder, 'scripted.bin'), { segments: [{ start: 0, end: 0.8, text: ' one' }, { start: 1, end: 1.8, text: ' two' }] });
/** The same with a large encoder: each chunk takes a while. */
const slow = writeScriptedModel(join(folder, 'slow.bin'), { segments: [{ start: 0, end: 0.8, text: ' one' }], audioContext: 1500 });
/** Four stretches of ten seconds, no two alike, with half a second between them: four chunks. */
const stretches = [0, 10, 20, 30].map((start) => ({ start, end: start + 9.5, name: 5000 + start }));
const file = writeBursts(join(folder, 'forty-seconds.wav'), 40, stretches);
const chunkSeconds = 12;

const newFolder = (): string => mkdtempSync(join(folder, 'folder-'));

test('long audio is heard by one engine, which is gone after the last chunk, with nothing left of the chunks', async () => {
  const logger = collectLogs();
  await using whisper = await createWhisper({ engine: 'addon-child', model, chunkSeconds, logger });
  const [progress, live, temp]: [number[], Segment[], string] = [[], [], newFolder()];
  const transcript = await whisper.transcribe(file, { tempFolder: temp, onProgress: (ratio) => progress.push(ratio), onSegment: (segment) => live.push(segment) });
  expect(transcript).toMatchObject({ text: 'one two one two one two one two', durationSeconds: 40, language: 'en', chunks: { heard: 4, resumed: 0 }, release: { proof: 'process-gone' } });
  // Each chunk begins four tenths of a second before its sound, which the silence at the start of the file cannot give.
  expect(transcript.segments.map(({ start }) => start)).toEqual([0, 0.6, 9.8, 10.6, 19.6, 20.6, 29.6, 30.6].map((start) => expect.closeTo(start, 0) as number));
  expect(live).toEqual(transcript.segments);
  expect(progress).toEqual([...new Set(progress)].sort((one, other) => one - other));
  expect([progress.at(-1), readdirSync(temp)]).toEqual([1, []]);
  expect(logger.lines.filter(({ message }) => message === 'engine released')).toHaveLength(1);
  expect(await processesOf(ownerId())).toEqual([]);
});

test('two lanes hear two chunks at a time by two engines, with the same text and times, and both are gone at the end', async () => {
  await using one = await createWhisper({ engine: 'addon-child', model: slow, chunkSeconds, threads: 1 });
  const logger = collectLogs();
  await using two = await createWhisper({ engine: 'addon-child', model: slow, chunkSeconds, threads: 1, lanes: 2, logger });
  const [live, progress, temp]: [Segment[], number[], string] = [[], [], newFolder()];
  let most = 0;
  const transcript = await two.transcribe(file, {
    hallucinations: 'off',
    tempFolder: temp,
    onSegment: (segment) => live.push(segment),
    onProgress(ratio) {
      progress.push(ratio);
      most = Math.max(most, readdirSync(temp).length);
    },
  });
  const { text, segments } = await one.transcribe(file, { hallucinations: 'off' });
  expect(transcript).toMatchObject({ text, segments, chunks: { heard: 4, resumed: 0 }, release: { proof: 'process-gone' } });
  expect([live, most, progress.at(-1)]).toEqual([segments, 2, 1]);
  expect(progress).toEqual([...new Set(progress)].sort((left, right) => left - right));
  const released = logger.lines.filter(({ message }) => message === 'engine released').map(({ fields }) => (fields['release'] as { pid: number }).pid);
  expect([released.length, new Set(released).size]).toEqual([2, 2]);
  expect([readdirSync(temp), await processesOf(ownerId())]).toEqual([[], []]);
});

test('with three lanes every word is at its time to the millisecond', async () => {
  await using whisper = await createWhisper({ model, chunkSeconds, lanes: 3, engine: createBurstEngine() });
  const { segments } = await whisper.transcribe(file);
  expect(segments.map(({ start, end, text }) => ({ start, end, text }))).toEqual(stretches.map(({ start, end, name }) => ({ start, end, text: String(name) })));
});

test('a warm engine stays warm, and one that only checkpoints needed is not started', async () => {
  const checkpointFolder = newFolder();
  await using warm = await createWhisper({ engine: 'addon-child', model, chunkSeconds, keepAliveMs: Infinity });
  const first = await warm.transcribe(file, { checkpointFolder });
  expect(first).toMatchObject({ chunks: { heard: 4, resumed: 0 }, release: { proof: 'kept-warm' } });
  expect(readdirSync(checkpointFolder)).toHaveLength(4);
  await warm.unload();
  const engine = createFakeEngine({ name: warm.engine });
  await using other = await createWhisper({ model, chunkSeconds, engine });
  expect(await other.transcribe(file, { checkpointFolder })).toMatchObject({ text: first.text, segments: first.segments, chunks: { heard: 0, resumed: 4 }, release: null });
  expect(engine.opened).toEqual([]);
});

test('an engine that was kept for a chunk which then came from a checkpoint is ended all the same', async () => {
  const checkpointFolder = newFolder();
  await using whisper = await createWhisper({ engine: 'addon-child', model, chunkSeconds });
  await whisper.transcribe(file, { checkpointFolder });
  rmSync(join(checkpointFolder, readdirSync(checkpointFolder)[0] ?? ''));
  expect((await whisper.transcribe(file, { checkpointFolder })).chunks).toEqual({ heard: 1, resumed: 3 });
  expect(await processesOf(ownerId())).toEqual([]);
});

test('segments are read while the audio is heard, and the transcript is what the stream returns', async () => {
  await using whisper = await createWhisper({ engine: 'addon-child', model, chunkSeconds });
  const stream = whisper.stream(file);
  const segments: Segment[] = [];
  let step = await stream.next();
  for (; step.done !== true; step = await stream.next()) segments.push(step.value);
  expect(step.value).toMatchObject({ text: 'one two one two one two one two', segments });
});

test('who leaves the stream is back when the engine is gone, and soon', async () => {
  await using whisper = await createWhisper({ engine: 'addon-child', model: slow, chunkSeconds });
  let began = 0;
  for await (const _segment of whisper.stream(file)) {
    began = performance.now();
    break;
  }
  expect(await processesOf(ownerId())).toEqual([]);
  expect(performance.now() - began).toBeLessThan(5000);
});

test('a limit holds for all chunks together, and each is given what the others left', async () => {
  const clock = createFakeClock();
  const engine = createFakeEngine();
  await using whisper = await createWhisper({ model, chunkSeconds, engine, clock });
  const run = Promise.allSettled([whisper.transcribe(file, { timeoutMs: 100_000 })]);
  const session = () => engine.sessions[0];
  for (const [index, spentMs] of [60_000, 40_000].entries()) {
    await vi.waitUntil(() => session()?.requests.length === index + 1);
    await clock.advance(spentMs);
    session()?.finish();
  }
  expect(await run).toMatchObject([{ status: 'rejected', reason: { code: 'TIMEOUT', facts: { limitMs: 100_000 } } }]);
  expect(session()?.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([100_000, 40_000]);
  expect(session()?.released).toBe(true);
});

test('a limit holds for what runs side by side as one, not for its sum', async () => {
  const clock = createFakeClock();
  const engine = createFakeEngine();
  await using whisper = await createWhisper({ model, chunkSeconds, engine, clock, lanes: 2 });
  const run = whisper.transcribe(file, { timeoutMs: 100_000 });
  for (const [index, spentMs] of [60_000, 30_000].entries()) {
    await vi.waitUntil(() => engine.sessions.length === 2 && engine.sessions.every(({ requests }) => requests.length === index + 1));
    await clock.advance(spentMs);
    for (const session of engine.sessions) session.finish();
  }
  await expect(run).resolves.toMatchObject({ chunks: { heard: 4, resumed: 0 } });
  expect(engine.sessions.map(({ requests }) => requests.map(({ timeoutMs }) => timeoutMs))).toEqual([[100_000, 40_000], [100_000, 40_000]]);
});

test('long audio without sound needs no engine', async () => {
  const engine = createFakeEngine();
  await using whisper = await createWhisper({ model, chunkSeconds, engine });
  expect(await whisper.transcribe(writeBursts(join(folder, 'silent.wav'), 60, []))).toMatchObject({ text: '', segments: [], durationSeconds: 60, chunks: { heard: 0, resumed: 0 }, release: null });
  expect(engine.opened).toEqual([]);
});

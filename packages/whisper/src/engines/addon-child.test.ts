import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { EngineRequest, EngineSession, Segment } from '@media-jobs/core';
import { MediaJobError } from '@media-jobs/foundation';
import type { ProcessUsage } from '@media-jobs/process';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAddonEngine, type AddonEngineOptions } from '@media-jobs/whisper';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { tone } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';

const folder = testFolder();
const model = join(folder, 'scripted.bin');
const endless = join(folder, 'endless.bin');
let wavFile = '';

beforeAll(async () => {
  writeScriptedModel(model, { segments: [{ start: 0, end: 1, text: ' one' }, { start: 1.5, end: 3, text: ' two' }] });
  writeScriptedModel(endless, { loop: true, audioContext: 1500 });
  wavFile = await tone(folder, 'tone', 5);
});

const request = (more: Partial<EngineRequest> = {}): EngineRequest => ({ wavFile, durationSeconds: 5, language: 'en', translate: false, beamSize: 1, ...more });
const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** A child that speaks as the given body says; `send` and `onRequest` are there. */
function childModule(name: string, body: string): URL {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `
    const cost = { cpuMs: 1, peakRssBytes: 1 };
    const ready = { type: 'ready', variant: 'default', version: '0', ...cost };
    const send = (message) => process.send(message);
    const onRequest = (listener) => process.on('message', listener);
    process.on('disconnect', () => process.exit());
    ${body}`);
  return pathToFileURL(file);
}

const open = (options: AddonEngineOptions = {}, modelFile = model): Promise<EngineSession> => createAddonEngine(options).open({ modelFile, threads: 1 });

/** Runs until the engine shows itself, so that what follows happens in the middle of a run. */
async function startRun(session: EngineSession, more: Partial<EngineRequest> = {}): Promise<{ readonly run: Promise<unknown> }> {
  const begun = Promise.withResolvers<void>();
  const run = session.transcribe(request({ onProgress: () => begun.resolve(), ...more }));
  run.catch(() => begun.resolve());
  await begun.promise;
  // Within an object, since an async function would wait for a promise that it returns.
  return { run };
}

describe('the addon in its child process', () => {
  test('hears a file, tells progress and segments on the way, and is gone when it is released', async () => {
    await using session = await open();
    const progress: number[] = [];
    const partial: Segment[] = [];
    const result = await session.transcribe(request({ onProgress: (ratio) => progress.push(ratio), onSegment: (segment) => partial.push(segment) }));
    expect(result).toEqual({ segments: [{ start: 0, end: 1, text: ' one' }, { start: 1.5, end: 3, text: ' two' }], language: 'en', warnings: [] });
    expect(partial).toEqual(result.segments);
    expect(progress[0]).toBe(0);
    const { pid } = session;
    const receipt = await session.release();
    expect(receipt).toMatchObject({ pid, proof: 'process-gone', gpu: null });
    expect(receipt?.peakRssBytes).toBeGreaterThan(50e6);
    expect(isThere(Number(pid))).toBe(false);
    expect(session).toMatchObject({ pid: null, usable: false });
    expect(await session.release()).toBe(receipt);
  });

  test('hears many files with one loaded model, each with its own cost', async () => {
    await using session = await open();
    const { pid } = session;
    const usages: ProcessUsage[] = [];
    for (let round = 0; round < 3; round += 1) await session.transcribe(request({ onUsage: (usage) => usages.push(usage) }));
    expect(session.pid).toBe(pid);
    expect(usages.map((usage) => usage.pid)).toEqual([pid, pid, pid]);
    expect(usages[0]?.cpuMs).toBeGreaterThan(usages[1]?.cpuMs ?? Infinity);
    expect(usages[2]?.cpuMs).toBeGreaterThan(0);
  });

  test('tells the language that it heard, and how sure it is', async () => {
    const multilingual = writeScriptedModel(join(folder, 'multilingual.bin'), { multilingual: true });
    await using session = await open({}, multilingual);
    const heard = await session.transcribe(request({ language: 'auto' }));
    expect(heard).toMatchObject({ language: 'en', languageProbability: 1 });
    expect(await session.transcribe(request({ language: 'de', translate: true }))).toEqual({ segments: heard.segments, language: 'de', warnings: [] });
  });

  test('says in a check what it is', async () => {
    expect(await createAddonEngine().check()).toEqual({ works: true, detail: expect.stringMatching(/^@fugood\/whisper\.node 1\.\d+\.\d+, variant default$/) as string });
  });

  test('refuses a variant that cannot be loaded, rather than take another in silence', async () => {
    const variant = 'none-such' as 'cuda';
    expect(await createAddonEngine({ variant }).check()).toMatchObject({ works: false, advice: expect.stringContaining('default') as string });
    await expect(open({ variant })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', retryable: false });
  });

  test('says what to install where the addon is missing', async () => {
    // The child's own sources, in a place from which zod can be reached and the addon cannot.
    const place = join(folder, 'no-addon');
    cpSync(fileURLToPath(new URL('.', import.meta.url)), place, { recursive: true });
    mkdirSync(join(place, 'node_modules'));
    symlinkSync(dirname(createRequire(import.meta.url).resolve('zod/package.json')), join(place, 'node_modules', 'zod'));
    const module = pathToFileURL(join(place, 'addon-child-process.ts'));
    expect(await createAddonEngine({ module }).check()).toEqual({ works: false, detail: expect.stringContaining('@fugood/whisper.node') as string, advice: 'Install the engine: npm install @fugood/whisper.node' });
    await expect(open({ module })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', retryable: false });
  });

  test('refuses a model that passes as one but is none, with the log of the engine', async () => {
    const text = join(folder, 'text.bin');
    writeFileSync(text, 'this is a text');
    await expect(open({}, text)).rejects.toMatchObject({ code: 'MODEL_INVALID', facts: { log: expect.stringContaining('bad magic') as string } });
  });
});

describe('the end of a run', () => {
  test('comes within a second of an abort, with the process', async () => {
    const session = await open({}, endless);
    const pid = Number(session.pid);
    const controller = new AbortController();
    const { run } = await startRun(session, { signal: controller.signal });
    const began = performance.now();
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(isThere(pid)).toBe(false);
    expect(session.usable).toBe(false);
    expect(await session.release()).toMatchObject({ pid, proof: 'process-gone' });
  });

  test('keeps the reason of an abort, so that a cancel stays a cancel', async () => {
    await using session = await open({}, endless);
    const reason = new MediaJobError('CANCELLED', { message: 'The job was cancelled.' });
    await expect(session.transcribe(request({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  });

  test('comes at the time limit', async () => {
    await using session = await open({}, endless);
    await expect(session.transcribe(request({ timeoutMs: 200 }))).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
    expect(session.usable).toBe(false);
  });

  test('comes when the engine makes no progress, though its process beats', async () => {
    await using session = await open({}, endless);
    await expect(session.transcribe(request({ stallTimeoutMs: 1500 }))).rejects.toMatchObject({ code: 'STALLED' });
  });

  test('comes when the process is stopped', async () => {
    await using session = await open({ silenceTimeoutMs: 1500 }, endless);
    const pid = Number(session.pid);
    const { run } = await startRun(session);
    process.kill(pid, 'SIGSTOP');
    await expect(run).rejects.toMatchObject({ code: 'STALLED', message: expect.stringContaining('beat') as string });
    expect(isThere(pid)).toBe(false);
  });

  test('comes when the process is killed from outside, and can be tried again', async () => {
    await using session = await open({}, endless);
    const { run } = await startRun(session);
    process.kill(Number(session.pid), 'SIGKILL');
    await expect(run).rejects.toMatchObject({ code: 'PROGRAM_KILLED', retryable: true });
    expect(session).toMatchObject({ usable: false, pid: null });
  });

  test('comes when the process crashes', async () => {
    await using session = await open({}, endless);
    const { run } = await startRun(session);
    process.kill(Number(session.pid), 'SIGSEGV');
    await expect(run).rejects.toMatchObject({ code: 'PROGRAM_CRASHED', retryable: true });
  });

  test('comes with the very error of a listener that throws', async () => {
    await using session = await open();
    const error = new RangeError('from the listener');
    await expect(session.transcribe(request({ onProgress: () => { throw error; } }))).rejects.toBe(error);
    expect(session.usable).toBe(false);
  });

  test('comes when the model takes too long to load', async () => {
    const module = childModule('mute', 'onRequest(() => {});');
    await expect(createAddonEngine({ module }).open({ modelFile: model, threads: 1, timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('a process that died while nobody used it', () => {
  test('is noticed, and a run on it fails with what happened', async () => {
    await using session = await open();
    process.kill(Number(session.pid), 'SIGKILL');
    await expect.poll(() => session.usable).toBe(false);
    await expect(session.transcribe(request())).rejects.toMatchObject({ code: 'PROGRAM_KILLED' });
  });
});

describe('nonsense on the channel', () => {
  test.each([
    ['a text', `send('hello')`],
    ['a list', `send([1, 2])`],
    ['an unknown kind', `send({ type: 'surprise' })`],
    ['a progress beyond the end', `send({ type: 'progress', id: 1, ratio: 7 })`],
    ['a result of another request', `send({ type: 'result', id: 99, segments: [], language: 'en', ...cost })`],
    ['a result with times that are no numbers', `send({ type: 'result', id: 1, segments: [{ startMs: NaN, endMs: 1, text: '' }], language: 'en', ...cost })`],
    ['a second greeting', 'send(ready)'],
  ])('such as %s ends the run and the process', async (name, code) => {
    const module = childModule(name.replaceAll(' ', '-'), `onRequest(({ type }) => { if (type === 'load') send(ready); else ${code}; });`);
    const session = await open({ module });
    const pid = Number(session.pid);
    await expect(session.transcribe(request())).rejects.toMatchObject({ code: 'ENGINE_FAILED', retryable: true });
    expect(isThere(pid)).toBe(false);
  });

  test('ends the process also while nobody asks', async () => {
    const module = childModule('late', `onRequest(() => { send(ready); setTimeout(send, 100, 'hello'); });`);
    await using session = await open({ module });
    const pid = Number(session.pid);
    await expect.poll(() => isThere(pid)).toBe(false);
    expect(session.usable).toBe(false);
  });
});

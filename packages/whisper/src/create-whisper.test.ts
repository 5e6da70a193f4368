import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Segment } from '@media-jobs/core';
import { ownerId, processesOf } from '@media-jobs/process';
import { describe, expect, test } from 'vitest';
import { createWhisper as create, toSrt, type Whisper, type WhisperOptions } from '@media-jobs/whisper';
import { createFakeEngine } from './testing/fake-engine.ts';
import { writeScriptedModel } from './testing/scripted-model.ts';
import { tone, wavBytes } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';

const folder = testFolder();
/** With the engine that needs no compiler; what holds for every engine is in the conformance suite. */
const createWhisper = (options: WhisperOptions): Promise<Whisper> => create({ engine: 'addon-child', ...options });
const model = writeScriptedModel(join(folder, 'scripted.bin'), { segments: [{ start: 0, end: 1, text: ' one' }, { start: 1.5, end: 3, text: ' two,' }] });
const multilingual = writeScriptedModel(join(folder, 'multilingual.bin'), { multilingual: true });

async function wav(name: string, samples: Int16Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, wavBytes(samples));
  return file;
}

const loud = (samples: number): Int16Array => new Int16Array(samples).fill(5000);

describe('a transcript', () => {
  test('holds what was heard, within the audio, and the proof that the memory is back', async () => {
    await using whisper = await createWhisper({ model });
    const progress: number[] = [];
    const partial: Segment[] = [];
    const file = await tone(folder, 'two-and-a-half', 2.5);
    const transcript = await whisper.transcribe(file, { onProgress: (ratio) => progress.push(ratio), onSegment: (segment) => partial.push(segment) });
    expect(transcript).toMatchObject({
      text: 'one two,',
      language: 'en',
      durationSeconds: 2.5,
      segments: [{ start: 0, end: 1, text: 'one' }, { start: 1.5, end: 2.5, text: 'two,' }],
      engine: 'addon-child',
      model: { file: model, type: 'custom', multilingual: false },
      warnings: [],
      release: { proof: 'process-gone' },
    });
    expect(transcript).not.toHaveProperty('languageProbability');
    expect(partial).toEqual(transcript.segments);
    expect(progress).toEqual([...new Set(progress)].sort((one, other) => one - other));
    expect([progress[0], progress.at(-1)]).toEqual([0, 1]);
    expect(await processesOf(ownerId())).toEqual([]);
  });

  test('of a multilingual model tells the language that was heard, and follows one that is given', async () => {
    await using whisper = await createWhisper({ model: multilingual, keepAliveMs: 60_000 });
    const file = await tone(folder, 'any', 3);
    expect(await whisper.transcribe(file)).toMatchObject({ text: 'Hello world.', language: 'en', languageProbability: 1 });
    const given = await whisper.transcribe(file, { language: 'German', translate: true, prompt: 'Guten Tag' });
    expect(given).toMatchObject({ text: 'Hello world.', language: 'de' });
    expect(given).not.toHaveProperty('languageProbability');
  });

  test('a wish for a translation reaches the engine, and says another text', async () => {
    const translating = writeScriptedModel(join(folder, 'translating.bin'), { multilingual: true, segments: [{ start: 0, end: 2, text: 'Guten Tag.' }], translation: [{ start: 0.02, end: 2.5, text: 'Good day.' }] });
    await using whisper = await createWhisper({ model: translating, keepAliveMs: 60_000 });
    const file = await tone(folder, 'translated', 3);
    const texts = [await whisper.transcribe(file, { language: 'de' }), await whisper.transcribe(file, { language: 'de', translate: 'English' })].map(({ text }) => text);
    expect(texts).toEqual(['Guten Tag.', 'Good day.']);
    await expect(whisper.transcribe(file, { language: 'de', translate: 'fr' })).rejects.toMatchObject({ code: 'UNSUPPORTED_LANGUAGE' });
  });

  test('warns of beams that the engine cannot follow', async () => {
    await using whisper = await createWhisper({ model, beamSize: 5 });
    expect((await whisper.transcribe(await tone(folder, 'beams', 1.5))).warnings).toContain('The engine addon-child searches greedily; `beamSize` 5 has no effect.');
    expect(whisper.beamSize).toBe(1);
  });
});

describe('audio', () => {
  test.each([['no samples', 0], ['fifty milliseconds', 800], ['two samples', 2], ['nine tenths of a second', 14_400]])('of %s is heard without an error', async (name, samples) => {
    await using whisper = await createWhisper({ model });
    const transcript = await whisper.transcribe(await wav(`${name}.wav`, loud(samples)));
    expect(transcript.durationSeconds).toBe(samples / 16_000);
    for (const { start, end } of transcript.segments) expect(end >= start && end <= samples / 16_000).toBe(true);
  });

  test('that is silent gives an empty transcript, whatever the model would make up, and needs no engine', async () => {
    await using whisper = await createWhisper({ model });
    const transcript = await whisper.transcribe(await wav('silent.wav', new Int16Array(80_000)), { onProgress: () => undefined });
    expect(transcript).toMatchObject({ text: '', segments: [], language: 'en', durationSeconds: 5, release: null });
    expect(toSrt(transcript.segments)).toBe('');
    await using other = await createWhisper({ model: multilingual });
    expect((await other.transcribe(join(folder, 'silent.wav'))).language).toBe('und');
  });

  test('that is none, is cut off, or is not there is refused before an engine starts', async () => {
    const engine = createFakeEngine();
    await using whisper = await createWhisper({ model, engine });
    await writeFile(join(folder, 'text.wav'), 'no audio');
    await writeFile(join(folder, 'cut.wav'), wavBytes(loud(100), { declaredBytes: 900 }));
    await expect(whisper.transcribe(join(folder, 'text.wav'))).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    await expect(whisper.transcribe(join(folder, 'cut.wav'))).rejects.toMatchObject({ code: 'TRUNCATED' });
    await expect(whisper.transcribe(join(folder, 'absent.wav'))).rejects.toMatchObject({ code: 'INPUT_MISSING' });
    expect(engine.opened).toEqual([]);
  });
});

describe('a transcriber', () => {
  test('refuses a language or translation that the model cannot do, before any work', async () => {
    const engine = createFakeEngine();
    await using whisper = await createWhisper({ model, engine });
    await expect(whisper.transcribe('/absent.wav', { language: 'de' })).rejects.toMatchObject({ code: 'UNSUPPORTED_LANGUAGE' });
    await expect(whisper.transcribe('/absent.wav', { translate: true })).rejects.toMatchObject({ code: 'UNSUPPORTED_LANGUAGE' });
    await expect(whisper.chooseLanguage('klingon', false)).rejects.toMatchObject({ code: 'UNSUPPORTED_LANGUAGE' });
    expect(engine.opened).toEqual([]);
  });

  test('ends the engine after each run by default, and keeps one process while it is warm', async () => {
    const file = await tone(folder, 'twice', 2);
    await using cold = await createWhisper({ model });
    const pids = [await pidOf(cold, file), await pidOf(cold, file)];
    expect(new Set(pids).size).toBe(2);
    await using warm = await createWhisper({ model, keepAliveMs: Infinity });
    const pid = await pidOf(warm, file);
    expect(await processesOf(ownerId())).toEqual([pid]);
    expect(await pidOf(warm, file)).toBe(pid);
    expect(await warm.unload()).toMatchObject({ pid, proof: 'process-gone' });
    expect(await processesOf(ownerId())).toEqual([]);
  });

  test('that lost its engine in a run works at the next', async () => {
    await using whisper = await createWhisper({ model, keepAliveMs: Infinity });
    const file = await tone(folder, 'lost', 2);
    const pid = await pidOf(whisper, file);
    const run = whisper.transcribe(file, { onProgress: (ratio) => { if (ratio === 0) process.kill(pid, 'SIGKILL'); } });
    await expect(run).rejects.toMatchObject({ code: 'PROGRAM_KILLED', retryable: true });
    expect(await pidOf(whisper, file)).not.toBe(pid);
  });

  test('ends what runs when it is disposed of', async () => {
    const endless = writeScriptedModel(join(folder, 'endless.bin'), { loop: true, audioContext: 1500 });
    const whisper = await createWhisper({ model: endless });
    const begun = Promise.withResolvers<void>();
    const run = Promise.allSettled([whisper.transcribe(await tone(folder, 'long', 29), { onProgress: () => begun.resolve() })]);
    await begun.promise;
    await whisper[Symbol.asyncDispose]();
    expect(await run).toMatchObject([{ status: 'rejected', reason: { code: 'CLOSED' } }]);
    expect(await processesOf(ownerId())).toEqual([]);
  });

  test('says whether it works, and what the model is', async () => {
    await using whisper = await createWhisper({ model });
    expect(await whisper.check()).toEqual({ ok: true, detail: expect.stringMatching(/whisper\.node 1.*custom, English only/) as string });
    expect(whisper.healthChecks.map(({ name }) => name)).toEqual(['whisper-engine', 'whisper-model']);
    expect(await whisper.modelInfo()).toMatchObject({ file: model, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  test('allows time by the length of the audio, three quarters of an hour at least', async () => {
    await using whisper = await createWhisper({ model });
    expect(whisper.timeLimitMs(60)).toBeGreaterThanOrEqual(2_700_000);
    expect(whisper.timeLimitMs(36_000) - whisper.timeLimitMs(3600)).toBe(324_000_000);
  });

  test('is not made of a model that is missing or none', async () => {
    await expect(createWhisper({ model: join(folder, 'absent.bin') })).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await expect(createWhisper({ model: fileURLToPath(import.meta.url) })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});

async function pidOf(whisper: Whisper, file: string): Promise<number> {
  return (await whisper.transcribe(file)).release?.pid ?? 0;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine, Segment } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { createWhisper } from '@media-jobs/whisper';
import { createFakeEngine } from '../testing/fake-engine.ts';
import { seededRandom } from '../testing/random.ts';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { wavBytes } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';

const folder = testFolder();
const scripted = writeScriptedModel(join(folder, 'scripted.bin'));
const fixture = fileURLToPath(new URL('../../../../fixtures/twenty-words.en.ggml.bin', import.meta.url));

/** Ten seconds: noise, then nothing at all. */
async function noiseThenNothing(name: string, noiseSeconds = 5, seconds = 10): Promise<string> {
  const random = seededRandom(3);
  const file = join(folder, `${name}.wav`);
  await writeFile(file, wavBytes(Int16Array.from({ length: seconds * 16_000 }, (_, index) => (index < noiseSeconds * 16_000 ? (random() - 0.5) * 6000 : 0))));
  return file;
}

/** An engine that says this. */
function sayer(segments: readonly Segment[], capabilities: Partial<Engine['capabilities']> = {}): Engine {
  const fake = createFakeEngine();
  return {
    ...fake,
    capabilities: { ...fake.capabilities, ...capabilities },
    async open(options) {
      const session = await fake.open(options);
      return Object.assign(session, { transcribe: () => Promise.resolve({ segments, language: 'en', warnings: [] }) });
    },
  };
}

const said: readonly Segment[] = [
  { start: 0, end: 2, text: ' Hello world.' },
  { start: 2, end: 4, text: ' you you you you you' },
  { start: 7, end: 9, text: ' Thanks for watching!' },
];

test('made-up segments are flagged unless told otherwise, and nothing is left out', async () => {
  await using whisper = await createWhisper({ model: scripted, engine: sayer(said) });
  const { text, segments, hallucinations } = await whisper.transcribe(await noiseThenNothing('flag'));
  expect(text).toBe('Hello world. you you you you you Thanks for watching!');
  expect(segments.map(({ flags = [] }) => flags.map(({ check }) => check))).toEqual([[], ['repeated-words'], ['silence']]);
  expect(hallucinations).toEqual({ mode: 'flag', flagged: 2, dropped: [], unchecked: ['no-speech', 'low-probability'] });
});

test('on request they are left out of text and segments, and stand in the report with the reasons', async () => {
  await using whisper = await createWhisper({ model: scripted, engine: sayer(said, { noSpeech: true, wordProbability: true }) });
  const { text, segments, hallucinations } = await whisper.transcribe(await noiseThenNothing('drop'), { hallucinations: 'drop' });
  expect([text, segments.length]).toEqual(['Hello world.', 1]);
  expect(hallucinations).toMatchObject({ mode: 'drop', flagged: 0, unchecked: [], dropped: [{ text: 'you you you you you', flags: [{ check: 'repeated-words', value: 5, threshold: 4 }] }, { start: 7, end: 9, text: 'Thanks for watching!' }] });
});

test('a guess alone is flagged, never left out', async () => {
  await using whisper = await createWhisper({ model: scripted, engine: sayer([{ start: 0, end: 2, text: 'mumble', averageLogProbability: -1.5 }]) });
  expect(await whisper.transcribe(await noiseThenNothing('guess'), { hallucinations: 'drop' })).toMatchObject({ text: 'mumble', hallucinations: { flagged: 1, dropped: [] } });
});

test('off, nothing is looked for', async () => {
  await using whisper = await createWhisper({ model: scripted, engine: sayer(said) });
  const { segments, hallucinations } = await whisper.transcribe(await noiseThenNothing('off'), { hallucinations: 'off' });
  expect([segments.some(({ flags }) => flags !== undefined), hallucinations]).toEqual([false, { mode: 'off', flagged: 0, dropped: [], unchecked: [] }]);
});

/** A machine that does much else takes its time for a window. */
const engineMs = 180_000;

test('the fixture model makes nothing of noise', async () => {
  await using whisper = await createWhisper({ model: fixture });
  expect(await whisper.transcribe(await noiseThenNothing('noise', 10), { language: 'en' })).toMatchObject({ text: '', segments: [], hallucinations: { flagged: 0, dropped: [] } });
}, engineMs);

test('a model that always says something is found out where the sound ends', async () => {
  await using whisper = await createWhisper({ model: scripted });
  const { segments, hallucinations } = await whisper.transcribe(await noiseThenNothing('windows', 20, 55), { hallucinations: 'drop' });
  expect(segments.map(({ start }) => start)).toEqual([0]);
  expect(hallucinations.dropped.map(({ start, flags }) => [start, flags?.[0]?.check])).toEqual([[30, 'silence']]);
}, engineMs);

test('a wrong mode is refused', async () => {
  await using whisper = await createWhisper({ model: scripted, engine: sayer(said) });
  await expect(whisper.transcribe(await noiseThenNothing('wrong'), { hallucinations: 'hide' as 'drop' })).rejects.toMatchObject({ code: 'INVALID_OPTION', facts: { option: 'hallucinations' } });
});

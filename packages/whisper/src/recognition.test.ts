import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createWhisper } from '@media-jobs/whisper';
import { phrases } from './testing/programme.ts';
import { speak } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';
import { wordErrorRate, wordErrors } from './testing/word-error-rate.ts';

const folder = testFolder();
const model = fileURLToPath(new URL('../../../fixtures/twenty-words.en.ggml.bin', import.meta.url));

test('twenty synthesised phrases in random order are heard with at most one word in ten wrong', async () => {
  const said = phrases(20, 20_261_123);
  await using whisper = await createWhisper({ model, keepAliveMs: Infinity });
  const pairs: { said: string; heard: string }[] = [];
  for (const [index, phrase] of said.entries()) {
    const { text: heard } = await whisper.transcribe(await speak(folder, `phrase-${index}`, phrase));
    pairs.push({ said: phrase, heard });
  }
  expect(wordErrorRate(pairs), JSON.stringify(pairs, null, 1)).toBeLessThanOrEqual(0.1);
}, 180_000);

test('both engines hear the same in the same sound, with the same beam', async () => {
  const files = await Promise.all(phrases(6, 7).map((phrase, index) => speak(folder, `both-${index}`, phrase)));
  const heard = await Promise.all((['addon-child', 'whisper-cli'] as const).map(async (engine) => {
    await using whisper = await createWhisper({ model, engine, keepAliveMs: Infinity });
    const texts: string[] = [];
    for (const file of files) texts.push((await whisper.transcribe(file)).text);
    return texts;
  }));
  expect(heard[0]).toEqual(heard[1]);
  expect(heard[0]?.every((text) => text !== '')).toBe(true);
}, 300_000);

test('the words of two phrases stand in segments whose times are those of the speech', async () => {
  await using whisper = await createWhisper({ model });
  const file = await speak(folder, 'times', 'hello world, media job done');
  const { text, segments, durationSeconds, language } = await whisper.transcribe(file, { language: 'auto' });
  expect({ text, language }).toEqual({ text: 'hello world media job done', language: 'en' });
  for (const { start, end } of segments) expect(start >= 0 && end > start && end <= durationSeconds).toBe(true);
  expect(segments.at(-1)?.end).toBeGreaterThan(1.5);
}, 60_000);

test.each([
  ['one two three', 'one two three', 0], ['one two three', 'one three', 1], ['one two', 'one two two', 1], ['one two', 'one too', 1], ['one', '', 1], ['', 'one', 1],
])('between %j and %j lie the fewest changes', (said, heard, errors) => {
  const split = (text: string): string[] => text.split(' ').filter((word) => word !== '');
  expect(wordErrors(split(said), split(heard))).toBe(errors);
});

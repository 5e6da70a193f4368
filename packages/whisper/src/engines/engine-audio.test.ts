import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wavBytes } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';
import { readAudio } from './engine-audio.ts';

const folder = testFolder();
const file = join(folder, 'samples.wav');
writeFileSync(file, wavBytes(Int16Array.from({ length: 40_000 }, (_, index) => index - 20_000)));

test('samples are read from where they lie', () => {
  const audio = new Int16Array(readAudio(file, 44, 80_000));
  expect([audio.length, audio[0], audio.at(-1)]).toEqual([40_000, -20_000, 19_999]);
});

test('short audio is padded with silence to more than a second, since the engine reads beyond less', () => {
  for (const bytes of [0, 2, 400, 32_000]) {
    const audio = new Int16Array(readAudio(file, 44, bytes));
    expect(audio.length).toBe(17_600);
    expect(audio.slice(bytes / 2).every((sample) => sample === 0)).toBe(true);
  }
});

test('a file that lost samples since it was looked at is told from one that is whole', () => {
  expect(() => readAudio(file, 44, 80_002)).toThrow('Expected 80002 bytes of samples, got 80000.');
});

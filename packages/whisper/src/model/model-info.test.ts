import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ModelFile } from '@media-jobs/whisper';
import { scriptedModel, writeScriptedModel } from '../testing/scripted-model.ts';
import { testFolder } from '../testing/test-folder.ts';
import { modelType, type ModelHeader } from './model-header.ts';

const folder = testFolder();
const twentyWords = fileURLToPath(new URL('../../../../fixtures/twenty-words.en.ggml.bin', import.meta.url));

test('a model tells its kind, its languages and the checksum of its file', async () => {
  const sha256 = createHash('sha256').update(readFileSync(twentyWords)).digest('hex');
  expect(await new ModelFile(twentyWords).info()).toMatchObject({ file: twentyWords, type: 'custom', multilingual: false, languages: 1, sha256 });
  const multilingual = writeScriptedModel(join(folder, 'multilingual.bin'), { multilingual: true });
  expect(await new ModelFile(multilingual).check()).toMatchObject({ multilingual: true, languages: 99 });
});

test.each([
  ['tiny', 4, 4, 51_864], ['base', 6, 6, 51_865], ['large', 32, 32, 51_865], ['large-v3', 32, 32, 51_866], ['large-v3-turbo', 32, 4, 51_866], ['distil-small', 12, 2, 51_865], ['custom', 5, 3, 51_864],
])('%s is known by its layers', (type, audioLayers, textLayers, vocabulary) => {
  expect(modelType({ audioLayers, textLayers, vocabulary } as ModelHeader)).toBe(type);
});

test('the checksum is computed again when the file has changed', async () => {
  const path = writeScriptedModel(join(folder, 'changing.bin'));
  const model = new ModelFile(path);
  const { sha256 } = await model.info();
  expect((await model.info()).sha256).toBe(sha256);
  const time = new Date('2026-01-01T00:00:00Z');
  const other = scriptedModel({ segments: [{ start: 0, end: 2, text: 'Other words.' }] });
  writeFileSync(path, other);
  // Whoever sets the time back does not hide the change.
  utimesSync(path, time, time);
  expect((await model.info()).sha256).toBe(createHash('sha256').update(other).digest('hex'));
});

test('many who ask at once share one reading', async () => {
  const model = new ModelFile(twentyWords);
  const answers = await Promise.all(Array.from({ length: 20 }, () => model.info()));
  expect(new Set(answers.map(({ sha256 }) => sha256)).size).toBe(1);
});

test('a missing model is refused with its path and how to get one', async () => {
  const path = join(folder, 'absent.bin');
  await expect(new ModelFile(path).check()).rejects.toMatchObject({ code: 'MODEL_MISSING', message: expect.stringContaining(path) as string, advice: expect.stringContaining('ggml-base.en.bin') as string });
});

test('a file that is cut off anywhere is found out without reading its weights', async () => {
  const whole = readFileSync(twentyWords).length;
  for (const bytes of [0, 3, 47, 48, 1000, 64_370, 70_000, 200_000, whole / 2, whole - 1]) {
    const path = join(folder, 'cut.bin');
    copyFileSync(twentyWords, path);
    truncateSync(path, Math.floor(bytes));
    await expect(new ModelFile(path).check(), `${bytes} bytes`).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  }
});

test('a file with something behind its last tensor is refused', async () => {
  const path = join(folder, 'longer.bin');
  copyFileSync(twentyWords, path);
  appendFileSync(path, Buffer.alloc(100));
  await expect(new ModelFile(path).check()).rejects.toMatchObject({ code: 'MODEL_INVALID' });
});

test.each([
  ['an English text', Buffer.from('This is not a model but a plain text file.\n'.repeat(10)), /text file/],
  ['a web page', Buffer.from(`<!DOCTYPE html><html><body>404 not found ${' '.repeat(100)}`), /web page/],
  ['a Git LFS pointer', Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`), /LFS/],
  ['a model for another program', Buffer.from(`GGUF${'\0'.repeat(100)}`), /GGUF/],
  ['zero bytes', Buffer.alloc(1000), /00000000/],
])('%s is refused for what it is', async (name, bytes, message) => {
  const path = join(folder, `${name}.bin`);
  writeFileSync(path, bytes);
  await expect(new ModelFile(path).check()).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string });
});

/** Index of a whole number in the header, and a value that whisper.cpp would crash on or refuse. */
test.each([
  ['a vocabulary too small', 1, 50_000], ['a vocabulary too large', 1, 51_900], ['no text layers', 9, 0], ['a negative width', 3, -1], ['halves of different width', 7, 64], ['heads that do not divide', 4, 7], ['a layer too many', 5, 2],
])('a header with %s is refused', async (name, index, value) => {
  const bytes = scriptedModel();
  bytes.writeInt32LE(value, 4 * index);
  const path = join(folder, `${name}.bin`);
  writeFileSync(path, bytes);
  await expect(new ModelFile(path).check()).rejects.toMatchObject({ code: 'MODEL_INVALID' });
});

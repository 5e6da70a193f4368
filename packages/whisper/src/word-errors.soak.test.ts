import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWhisper } from '@media-jobs/whisper';
import { beforeAll, describe, expect, test } from 'vitest';
import { phrases, speakProgramme } from './testing/programme.ts';
import { seededRandom } from './testing/random.ts';
import { wavBytes } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';
import { wordErrorRate, wordsOf } from './testing/word-error-rate.ts';

const folder = testFolder();
/** Another model than the committed one, to judge it before it takes its place. */
const model = process.env['WORDS_MODEL'] ?? fileURLToPath(new URL('../../../fixtures/twenty-words.en.ggml.bin', import.meta.url));
const engine = process.env['WORDS_ENGINE'] === 'addon-child' ? 'addon-child' : 'auto';
const count = Number(process.env['SOAK_PHRASES'] ?? 60);
const seed = Number(process.env['SOAK_SEED'] ?? 20_261_128);
const goal = 0.05;
const said = phrases(count, seed);
/** Whole windows: several phrases, silence and noise in each. */
const chunkSeconds = Number(process.env['WORDS_CHUNK_SECONDS'] ?? 30);
let files: Awaited<ReturnType<typeof speakProgramme>>;

beforeAll(async () => void (files = await speakProgramme(folder, said, seed)), 600_000);

function judge(mode: string, pairs: readonly { readonly said: string; readonly heard: string }[]): void {
  const rate = wordErrorRate(pairs);
  const whole = pairs.filter((pair) => wordErrorRate([pair]) === 0).length;
  process.stdout.write(`word error rate, ${mode}: ${(100 * rate).toFixed(1)} % of the words of ${count} phrases${pairs.length === 1 ? '' : `, ${whole} of them without an error`} (seed ${seed})\n`);
  expect(rate, JSON.stringify(pairs, null, 1)).toBeLessThanOrEqual(goal);
}

describe('the words of phrases in random order, with pauses, silence and noise, are heard with at most one in twenty wrong', () => {
  test.each([['one-shot', 0], ['warm', Infinity]] as const)('each by itself, %s', async (mode, keepAliveMs) => {
    await using whisper = await createWhisper({ model, engine, keepAliveMs });
    const pairs: { said: string; heard: string }[] = [];
    for (const [index, file] of files.single.entries()) pairs.push({ said: said[index] ?? '', heard: (await whisper.transcribe(file)).text });
    judge(mode, pairs);
  }, 3_600_000);

  test('all in one, in one chunk of several windows', async () => {
    await using whisper = await createWhisper({ model, engine });
    const { text, chunks } = await whisper.transcribe(files.all);
    expect(chunks.heard).toBe(1);
    judge('one chunk', [{ said: said.join(' '), heard: text }]);
  }, 3_600_000);

  test('all in one, in chunks', async () => {
    await using whisper = await createWhisper({ model, engine, chunkSeconds });
    judge('chunked', [{ said: said.join(' '), heard: (await whisper.transcribe(files.all)).text }]);
  }, 3_600_000);

  test('all in one, broken off half-way and gone on with', async () => {
    const checkpointFolder = mkdtempSync(join(folder, 'checkpoints-'));
    await using whisper = await createWhisper({ model, engine, chunkSeconds });
    const stop = new AbortController();
    const broken = whisper.transcribe(files.all, { checkpointFolder, signal: stop.signal, onProgress: (ratio) => ratio > 0.5 && stop.abort() });
    await expect(broken).rejects.toMatchObject({ code: 'ABORTED' });
    const { text, chunks } = await whisper.transcribe(files.all, { checkpointFolder });
    expect(chunks.resumed).toBeGreaterThan(0);
    judge('resumed', [{ said: said.join(' '), heard: text }]);
  }, 3_600_000);
});

test.each([0, 33, 100, 330, 1000, 6500])('noise alone of amplitude %i gives no words; 0 is silence', async (amplitude) => {
  const random = seededRandom(amplitude);
  const file = join(folder, `noise-${amplitude}.wav`);
  await writeFile(file, wavBytes(Int16Array.from({ length: 20 * 16_000 }, () => amplitude * (2 * random() - 1))));
  await using whisper = await createWhisper({ model, engine });
  const { text } = await whisper.transcribe(file);
  process.stdout.write(`words in noise of amplitude ${amplitude}: ${wordsOf(text).length}\n`);
  expect(text).toBe('');
}, 600_000);

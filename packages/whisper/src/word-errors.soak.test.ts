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
import { wordErrorRate } from './testing/word-error-rate.ts';

const folder = testFolder();
const model = fileURLToPath(new URL('../../../fixtures/twenty-words.en.ggml.bin', import.meta.url));
const count = Number(process.env['SOAK_PHRASES'] ?? 60);
const seed = Number(process.env['SOAK_SEED'] ?? 20_261_128);
const goal = 0.05;
const said = phrases(count, seed);
/** Short enough for what one window of the fixture model holds. */
const chunkSeconds = 12;
let files: Awaited<ReturnType<typeof speakProgramme>>;

beforeAll(async () => void (files = await speakProgramme(folder, said, seed)), 600_000);

function judge(mode: string, pairs: readonly { readonly said: string; readonly heard: string }[]): void {
  const rate = wordErrorRate(pairs);
  process.stdout.write(`word error rate, ${mode}: ${(100 * rate).toFixed(1)} % of ${count} phrases (seed ${seed})\n`);
  expect(rate, JSON.stringify(pairs, null, 1)).toBeLessThanOrEqual(goal);
}

describe('the words of phrases in random order, with pauses, silence and noise, are heard with at most one in twenty wrong', () => {
  test.each([['one-shot', 0], ['warm', Infinity]] as const)('each by itself, %s', async (mode, keepAliveMs) => {
    await using whisper = await createWhisper({ model, keepAliveMs });
    const pairs: { said: string; heard: string }[] = [];
    for (const [index, file] of files.single.entries()) pairs.push({ said: said[index] ?? '', heard: (await whisper.transcribe(file)).text });
    judge(mode, pairs);
  }, 3_600_000);

  test('all in one, in chunks', async () => {
    await using whisper = await createWhisper({ model, chunkSeconds });
    judge('chunked', [{ said: said.join(' '), heard: (await whisper.transcribe(files.all)).text }]);
  }, 3_600_000);

  test('all in one, broken off half-way and gone on with', async () => {
    const checkpointFolder = mkdtempSync(join(folder, 'checkpoints-'));
    await using whisper = await createWhisper({ model, chunkSeconds });
    const stop = new AbortController();
    const broken = whisper.transcribe(files.all, { checkpointFolder, signal: stop.signal, onProgress: (ratio) => ratio > 0.5 && stop.abort() });
    await expect(broken).rejects.toMatchObject({ code: 'ABORTED' });
    const { text, chunks } = await whisper.transcribe(files.all, { checkpointFolder });
    expect(chunks.resumed).toBeGreaterThan(0);
    judge('resumed', [{ said: said.join(' '), heard: text }]);
  }, 3_600_000);
});

test.each([33, 100, 330, 1000, 6500])('noise alone of amplitude %i gives no words', async (amplitude) => {
  const random = seededRandom(amplitude);
  const file = join(folder, `noise-${amplitude}.wav`);
  await writeFile(file, wavBytes(Int16Array.from({ length: 20 * 16_000 }, () => amplitude * (2 * random() - 1))));
  await using whisper = await createWhisper({ model });
  expect((await whisper.transcribe(file)).text).toBe('');
}, 600_000);

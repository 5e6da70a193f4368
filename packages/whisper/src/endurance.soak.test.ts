import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownerId, processesOf } from '@media-jobs/process';
import { createWhisper } from '@media-jobs/whisper';
import { describe, expect, test, vi } from 'vitest';
import { endure } from './testing/endurance.ts';
import { seededRandom } from './testing/random.ts';
import { writeScriptedModel } from './testing/scripted-model.ts';
import { tone } from './testing/speech.ts';
import { leftOfTempFiles, testFolder } from './testing/test-folder.ts';

const folder = testFolder();
/** The model of twenty words, or one that costs next to nothing where only the processes are of interest. */
const model = process.env['SOAK_MODEL'] === 'scripted' ? writeScriptedModel(join(folder, 'scripted.bin')) : fileURLToPath(new URL('../../../fixtures/twenty-words.en.ggml.bin', import.meta.url));
const runs = Number(process.env['SOAK_RUNS'] ?? 200);
const only = process.env['SOAK_ENGINE'];
const engines = (['whisper-cli', 'addon-child'] as const).filter((engine) => only === undefined || engine === only);

describe.each(engines)('%s', (engine) => {
  test.each([['a new engine each', 0], ['one warm engine', null]] as const)('two hundred transcriptions of mixed lengths, %s, give the card its memory back, leave nothing, and this process no larger', async (mode, keepAliveMs) => {
    const files = await Promise.all([1, 3, 9, 31, 65].map((seconds) => tone(folder, `tone-${seconds}`, seconds)));
    const began = performance.now();
    const { growth, engines: ended } = await endure(folder, { model, files, runs, keepAliveMs, engine });
    process.stdout.write(`${engine}, ${mode}: ${runs} runs in ${Math.round((performance.now() - began) / 1000)} s, ${ended} engines, resident memory ${(growth / 1e6).toFixed(1)} MB more\n`);
    expect(growth).toBeLessThan(20e6);
  }, 3_600_000);

  test('twenty aborts at random moments each end in one error within a second, with no process and no file left', async () => {
    const random = seededRandom(Number(process.env['SOAK_SEED'] ?? 1));
    const [file, temp] = [await tone(folder, 'long', 40), join(folder, `temp-${engine}`)];
    mkdirSync(temp);
    vi.stubEnv('TMPDIR', temp);
    const slow = writeScriptedModel(join(folder, 'slow.bin'), { audioContext: 1500 });
    for (let round = 0; round < 20; round += 1) {
      await using whisper = await createWhisper({ model: slow, engine, chunkSeconds: 10, lanes: 1 + (round % 2), keepAliveMs: round % 4 < 2 ? 0 : Infinity });
      const stop = new AbortController();
      const run = Promise.allSettled([whisper.transcribe(file, { signal: stop.signal })]);
      await sleep(4000 * random());
      const began = performance.now();
      stop.abort();
      const [outcome] = await run;
      if (outcome?.status === 'rejected') {
        expect(outcome.reason).toMatchObject({ code: 'ABORTED' });
        expect(performance.now() - began).toBeLessThan(1000);
      }
      await whisper.unload();
      expect(await processesOf(ownerId())).toEqual([]);
    }
    expect(leftOfTempFiles(temp)).toEqual([]);
    vi.unstubAllEnvs();
  }, 3_600_000);
});

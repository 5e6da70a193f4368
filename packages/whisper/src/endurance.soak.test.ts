import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownerId, processesOf } from '@media-jobs/process';
import { createWhisper } from '@media-jobs/whisper';
import { expect, test } from 'vitest';
import { seededRandom } from './testing/random.ts';
import { writeScriptedModel } from './testing/scripted-model.ts';
import { tone } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';

const folder = testFolder();
const model = writeScriptedModel(join(folder, 'scripted.bin'));
const runs = Number(process.env['SOAK_RUNS'] ?? 200);

test.each([['a new engine each', '0'], ['one warm engine', 'Infinity']] as const)('two hundred transcriptions of mixed lengths, %s, leave no process and this one no larger', async (_mode, keepAliveMs) => {
  const files = await Promise.all([1, 3, 9, 31, 65].map((seconds) => tone(folder, `tone-${seconds}`, seconds)));
  const soak = fork(fileURLToPath(new URL('testing/soak.ts', import.meta.url)), [model, files.join(','), String(runs), keepAliveMs], { execArgv: ['--conditions=@media-jobs/source', '--expose-gc'], stdio: 'inherit' });
  const [{ memory, left }] = (await once(soak, 'message')) as [{ memory: number[]; left: number[] }];
  await once(soak, 'exit');
  expect(left).toEqual([]);
  const tenth = Math.max(1, Math.floor(runs / 10));
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const growth = average(memory.slice(-tenth)) - average(memory.slice(tenth, 2 * tenth));
  process.stdout.write(`resident memory after ${runs} runs: ${(growth / 1e6).toFixed(1)} MB more\n`);
  expect(growth).toBeLessThan(20e6);
}, 3_600_000);

test('twenty aborts at random moments each end in one error within a second, with no process left', async () => {
  const random = seededRandom(Number(process.env['SOAK_SEED'] ?? 1));
  const file = await tone(folder, 'long', 40);
  const slow = writeScriptedModel(join(folder, 'slow.bin'), { audioContext: 1500 });
  for (let round = 0; round < 20; round += 1) {
    await using whisper = await createWhisper({ model: slow, chunkSeconds: 10, keepAliveMs: round % 2 === 0 ? 0 : Infinity });
    const stop = new AbortController();
    const run = Promise.allSettled([whisper.transcribe(file, { signal: stop.signal })]);
    await new Promise((resolve) => void setTimeout(resolve, 4000 * random()));
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
}, 3_600_000);

import { join } from 'node:path';
import { createAddonEngine, createWhisper, createWhisperCliEngine } from '@media-jobs/whisper';
import { describe, expect, test, vi } from 'vitest';
import { endure } from './testing/endurance.ts';
import { followingDriver } from './testing/following-driver.ts';
import { onCard } from './testing/on-card.ts';
import { writeScriptedModel } from './testing/scripted-model.ts';
import { tone } from './testing/speech.ts';
import { testFolder } from './testing/test-folder.ts';

// A machine that is busy with other things is slow, not wrong.
vi.setConfig({ testTimeout: 600_000 });

const folder = testFolder();
const model = writeScriptedModel(join(folder, 'scripted.bin'));

describe.each([['addon-child', createAddonEngine], ['whisper-cli', createWhisperCliEngine]] as const)('%s', (engine, create) => {
  test.each([['a new engine each', 0, 8], ['one warm engine', null, 1]] as const)('eight runs with %s give the card its memory back, leave nothing, and this process no larger', async (_mode, keepAliveMs, engines) => {
    const files = await Promise.all([1, 3, 9, 31].map((seconds) => tone(folder, `tone-${seconds}`, seconds)));
    const endured = await endure(folder, { model, files, runs: 8, keepAliveMs, engine });
    expect(endured.growth).toBeLessThan(10e6);
    expect(endured.engines).toBe(engines);
  });

  test('that leaks memory of the card is recycled, and the receipt says so and that the memory is back', async () => {
    const card = followingDriver(folder, `leaking-${engine}`);
    await using whisper = await createWhisper({ model, keepAliveMs: Infinity, engine: onCard(create()), gpu: { command: card.command, lockFolder: join(folder, 'locks') } });
    const file = await tone(folder, 'leak', 2);
    const pids: number[] = [];
    for (const leakMiB of [0, 200, 300]) {
      card.leak(leakMiB);
      const { release } = await whisper.transcribe(file);
      pids.push(release?.pid ?? 0);
      const held = 800 + leakMiB;
      expect(release).toMatchObject(leakMiB < 300 ? { proof: 'kept-warm', gpu: { beforeMiB: 100, afterMiB: held } } : { proof: 'absent-from-driver', recycled: 'memory', gpu: { uuid: card.uuid, beforeMiB: 100, peakMiB: held, afterMiB: 100 } });
    }
    card.leak(0);
    expect((await whisper.transcribe(file)).release?.pid).not.toBe(pids[0]);
    expect(new Set(pids).size).toBe(1);
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenEngines, engineCaseApplies, engineCases, type EngineHarness } from '@media-jobs/core/conformance';
import type { Engine } from '@media-jobs/core';
import { createAddonEngine, createWhisperCliEngine } from '@media-jobs/whisper';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeScriptedModel } from '../testing/scripted-model.ts';
import { tone } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';

const folder = testFolder();
const segments = [{ start: 0, end: 1, text: ' one' }, { start: 1.5, end: 2.8, text: ' two' }];
const scripted = { modelFile: writeScriptedModel(join(folder, 'scripted.bin'), { segments }), segments };
const endlessModelFile = writeScriptedModel(join(folder, 'endless.bin'), { loop: true, audioContext: 1500 });
const multilingualModelFile = writeScriptedModel(join(folder, 'multilingual.bin'), { multilingual: true });
const [brokenModelFile, brokenWavFile] = [join(folder, 'broken.bin'), join(folder, 'broken.wav')];
let wavFile = '';

beforeAll(async () => {
  wavFile = await tone(folder, 'tone', 3);
  writeFileSync(brokenModelFile, readFileSync(scripted.modelFile).subarray(0, 100_000));
  writeFileSync(brokenWavFile, 'This is no audio, whatever its name says.');
});

const engines: Readonly<Record<string, Engine>> = { 'addon-child': createAddonEngine(), 'whisper-cli': createWhisperCliEngine() };

const harness = (engine: Engine): EngineHarness => ({
  engine, wavFile, scripted, endlessModelFile, multilingualModelFile, brokenModelFile, brokenWavFile, isGone: (pid) => !existsSync(`/proc/${pid}`),
});

for (const [name, engine] of Object.entries(engines)) {
  describe(name, () => {
    for (const each of engineCases.filter((one) => engineCaseApplies(one, engine.capabilities))) test(each.name, () => each.run(harness(engine)));
  });
}

describe('an engine is rejected when', () => {
  const sound = createAddonEngine();
  test.each(brokenEngines)('$name', async ({ rejectedBy, wrap }) => {
    const rejecting = engineCases.find((each) => each.name === rejectedBy);
    expect(rejecting).toBeDefined();
    await expect(rejecting?.run(harness(wrap(sound)))).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
});

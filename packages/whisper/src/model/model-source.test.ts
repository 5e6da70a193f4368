import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createModels, createWhisper, type Models } from '@media-jobs/whisper';
import { writeFile } from 'node:fs/promises';
import { publish, useModelServer } from '../testing/model-server.ts';
import { scriptedModel } from '../testing/scripted-model.ts';
import { wavBytes } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';

const root = testFolder();
const server = useModelServer();
const bytes = scriptedModel();
const model = publish('scripted', bytes);

function modelsOf(): Models {
  server.give(model.file, bytes);
  return createModels({ folder: mkdtempSync(join(root, 'models-')), sources: [server.source()], known: [model], transfer: { reserveBytes: 0 } });
}

test('a named model that is absent is downloaded when a transcriber is made, and again by the next run after a reset removed it', async () => {
  const models = modelsOf();
  const progress: number[] = [];
  await using whisper = await createWhisper({ model: 'scripted', models, onModelProgress: ({ bytes: received }) => progress.push(received) });
  expect(progress.at(-1)).toBe(bytes.length);
  expect(await whisper.modelInfo()).toMatchObject({ file: models.path('scripted'), sha256: model.sha256 });
  await models.removeAll();
  expect((await whisper.check()).ok).toBe(false);
  const silence = join(root, 'silence.wav');
  await writeFile(silence, wavBytes(new Int16Array(16_000)));
  const transcripts = await Promise.all([whisper.transcribe(silence), whisper.transcribe(silence)]);
  expect(transcripts.map(({ text }) => text)).toEqual(['', '']);
  expect(server.asked).toHaveLength(2);
});

test('where downloads are not allowed, the error tells the command that gets the model, and nothing is asked', async () => {
  await expect(createWhisper({ model: 'scripted', models: modelsOf(), download: false })).rejects.toMatchObject({ code: 'MODEL_MISSING', advice: expect.stringContaining('media-jobs models pull scripted') as string });
  expect(server.asked).toEqual([]);
});

test('a path is never downloaded', async () => {
  await expect(createWhisper({ model: './scripted', models: modelsOf() })).rejects.toMatchObject({ code: 'MODEL_MISSING', message: expect.stringContaining('scripted') as string });
  expect(server.asked).toEqual([]);
});

test('an abort ends the making and the download', async () => {
  const models = modelsOf();
  server.give(model.file, bytes, { stallAfter: 1000 });
  const control = new AbortController();
  const made = createWhisper({ model: 'scripted', models, signal: control.signal, onModelProgress: () => control.abort() });
  await expect(made).rejects.toMatchObject({ code: 'ABORTED' });
  expect(readdirSync(models.folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  rmSync(models.folder, { recursive: true });
});

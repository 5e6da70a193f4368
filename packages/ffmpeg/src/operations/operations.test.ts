import { mkdirSync, readdirSync } from 'node:fs';
import type { Attempt } from '@media-jobs/core';
import { noStepJobs } from '@media-jobs/core/testing';
import { silentLogger } from '@media-jobs/foundation';
import { afterAll, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { createWorkbench } from '../testing/workbench.ts';
import { spectrogramOperation, splitOperation, waveformOperation } from './picture-operations.ts';
import { validateOperation } from './validate-operation.ts';
import { convertOperation, denoiseOperation, extractAudioOperation, highpassOperation, normalizeLoudnessOperation, resampleOperation, toMonoOperation } from './single-operations.ts';

vi.setConfig({ testTimeout: 120_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const file = bench.make('in.wav', '-f', 'lavfi', '-i', 'sine=f=300:d=4:r=22050', '-ac', '2');

afterAll(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

function attemptIn(folder: string, added: string[]): Attempt {
  const { signal } = new AbortController();
  return {
    jobId: 'job', generation: 1, number: 1, correlationId: null, signal, kill: signal, controls: { signal, kill: signal }, tempFolder: bench.folder, checkpointFolder: null,
    artifacts: { folder, add: async (name) => void added.push(name) }, jobs: noStepJobs, log: silentLogger, report: () => undefined, share: () => undefined, allow: () => undefined,
  };
}

const options = { ffmpeg };
const operations = [
  [convertOperation(options), { format: 'mp3' }, ['audio.mp3']],
  [extractAudioOperation(options), {}, ['audio.wav']],
  [denoiseOperation(options), {}, ['audio.wav']],
  [highpassOperation(options), { format: 'flac' }, ['audio.flac']],
  [resampleOperation(options), { sampleRate: 16_000 }, ['audio.wav']],
  [toMonoOperation(options), { channel: 'left' }, ['audio.wav']],
  [normalizeLoudnessOperation(options), {}, ['audio.wav']],
  [waveformOperation(options), {}, ['waveform.png']],
  [spectrogramOperation(options), {}, ['spectrogram.png']],
  [validateOperation(options), {}, []],
  [splitOperation(options), { by: { everySeconds: 2.5 } }, ['part-0001.wav', 'part-0002.wav']],
] as const;

test.each(operations.map(([operation, input, files]) => [operation.name, operation, input, files] as const))('%s returns what its schema says and names its files', async (name, operation, input, files) => {
  const folder = bench.path(`job-${name}`);
  mkdirSync(folder);
  const added: string[] = [];
  const parsed = operation.input.parse({ file, ...input });
  const output: unknown = await operation.run(parsed as never, attemptIn(folder, added));
  expect(JSON.parse(JSON.stringify(output))).toEqual(operation.output.parse(output));
  expect(added).toEqual(files);
  expect(readdirSync(folder).toSorted()).toEqual(files);
});

test('what an operation does not know is refused', () => {
  expect(() => convertOperation(options).input.parse({ file, format: 'exe' })).toThrow();
  expect(() => splitOperation(options).input.parse({ file, by: {} })).toThrow();
});

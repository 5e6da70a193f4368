import { existsSync } from 'node:fs';
import { MediaJobError, systemClock } from '@media-jobs/foundation';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import type { FfmpegPhase, FfmpegProgress } from '../progress.ts';
import { fakeProgram } from '../testing/fake-ffmpeg.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';

const bench = createWorkbench();
/** Its time runs so fast that no progress is held back, and each phase is seen. */
const ffmpeg = createFfmpeg({ clock: { ...systemClock, monotonic: () => performance.now() * 1e6 } });
/** Five minutes of noise: decoding and gain take their time. */
const long = bench.make('long.wav', '-f', 'lavfi', '-i', 'anoisesrc=c=pink:a=0.4:r=16000:d=300:seed=1', '-c:a', 'pcm_s16le');
const out = bench.path('out.wav');

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
  expect(existsSync(out)).toBe(false);
});
afterAll(() => bench[Symbol.dispose]());

test.each<FfmpegPhase>(['probe', 'decode', 'gain', 'verify'])('an abort in the phase `%s` ends the call within a second, and nothing is left', async (wanted) => {
  const controller = new AbortController();
  let abortedAt = 0;
  const phases: string[] = [];
  let decoded = 0;
  const abort = (): void => {
    abortedAt ||= performance.now();
    controller.abort();
  };
  const call = ffmpeg.prepareSpeech(long, out, {
    signal: controller.signal,
    waveform: { file: bench.path('out.png') },
    onProgress: ({ phase, seconds }) => {
      phases.push(phase);
      if (phase === 'decode') decoded = seconds;
      if (phase === wanted) abort();
    },
  });
  expect((await failure(call)).code).toBe('ABORTED');
  expect(performance.now() - abortedAt).toBeLessThan(1_000);
  expect(phases.at(-1)).toBe(wanted);
  if (wanted === 'decode') expect(decoded).toBeLessThan(200);
  expect(existsSync(bench.path('out.png'))).toBe(false);
});

test('an abort while a probe hangs ends it within a second', async () => {
  const stubborn = createFfmpeg({ binaries: { ffprobe: fakeProgram(bench, 'ffprobe', 'stubborn', `trap '' TERM; touch ${bench.path('started')}; while :; do sleep 0.1; done`) } });
  const controller = new AbortController();
  const call = failure(stubborn.probe(long, { signal: controller.signal }));
  while (!existsSync(bench.path('started'))) await new Promise((resolve) => setTimeout(resolve, 10));
  const began = performance.now();
  controller.abort(new MediaJobError('CANCELLED', { message: 'Not wanted any more.' }));
  expect((await call).code).toBe('CANCELLED');
  expect(performance.now() - began).toBeLessThan(1_500);
});

test('a signal that has aborted before the call starts nothing', async () => {
  const call = ffmpeg.prepareSpeech(long, out, { signal: AbortSignal.abort() });
  expect((await failure(call)).code).toBe('ABORTED');
});

test('`kill` ends it at once as well', async () => {
  const controller = new AbortController();
  let decoded = 0;
  const onProgress = ({ phase, seconds }: FfmpegProgress): void => {
    if (phase === 'decode') {
      decoded = seconds;
      controller.abort();
    }
  };
  expect((await failure(ffmpeg.prepareSpeech(long, out, { kill: controller.signal, onProgress }))).code).toBe('ABORTED');
  expect(decoded).toBeLessThan(200);
});

test('an error that the progress listener throws ends the call and is the error of it', async () => {
  const call = ffmpeg.prepareSpeech(long, out, {
    onProgress: ({ phase }) => {
      if (phase === 'decode') throw new Error('listener');
    },
  });
  expect((await failure(call)).message).toBe('listener');
});

import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createFfmpeg } from './ffmpeg.ts';
import { fakeProgram } from './testing/fake-ffmpeg.ts';
import { createWorkbench, failure } from './testing/workbench.ts';

const bench = createWorkbench();
const input = bench.make('in.wav', '-f', 'lavfi', '-i', 'sine=d=1');
const log = bench.path('log');
const ffprobe = fakeProgram(bench, 'ffprobe', 'ffprobe', `echo + >> ${log}; sleep 0.1; nice >> ${log}.nice; echo - >> ${log}; exec ffprobe "$@"`);

afterAll(() => {
  expect(bench.survivors()).toEqual([]);
  expect(bench.parts()).toEqual([]);
  bench[Symbol.dispose]();
});

/** The most that ran at once, by the log of starts and ends. */
function mostAtOnce(): number {
  let running = 0;
  return Math.max(...readFileSync(log, 'utf8').trim().split('\n').map((line) => (running += line === '+' ? 1 : -1)));
}

test('calls of one instance share its places, and stand back for others', async () => {
  const ffmpeg = createFfmpeg({ binaries: { ffprobe }, concurrency: 2, niceness: 3 });
  await ffmpeg.probe(input);
  await Promise.all([1, 2, 3, 4, 5].map((number) => ffmpeg.prepareSpeech(input, bench.path(`out-${number}.wav`))));
  expect(mostAtOnce()).toBe(2);
  expect(new Set(readFileSync(`${log}.nice`, 'utf8').trim().split('\n'))).toEqual(new Set(['3']));
});

test('a call that is aborted while it waits starts nothing and leaves nothing', async () => {
  const ffmpeg = createFfmpeg({ binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', 'ffmpeg-slow', 'exec sleep 100') }, concurrency: 1 });
  const first = new AbortController();
  const { promise: decoding, resolve } = Promise.withResolvers<void>();
  const holding = failure(ffmpeg.prepareSpeech(input, bench.path('held.wav'), { signal: first.signal, onTimeLimit: () => resolve() }));
  await decoding;
  const second = new AbortController();
  const waiting = failure(ffmpeg.prepareSpeech(input, bench.path('waiting.wav'), { signal: second.signal }));
  second.abort();
  expect((await waiting).code).toBe('ABORTED');
  first.abort();
  expect((await holding).code).toBe('ABORTED');
});

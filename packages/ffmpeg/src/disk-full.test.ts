import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempFiles } from '@media-jobs/cleanup';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createFfmpeg } from './ffmpeg.ts';
import { fakeProgram } from './testing/fake-ffmpeg.ts';
import { createWorkbench, failure } from './testing/workbench.ts';

const bench = createWorkbench();
const small = bench.path('small');
let input = '';

const mebibyte = 1_048_576;
const free = (): number => Number(execFileSync('stat', ['-f', '-c', '%a', small], { encoding: 'utf8' }));
let freeAtFirst = 0;

beforeAll(() => {
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]);
  freeAtFirst = free();
  input = bench.make('in.flac', '-f', 'lavfi', '-i', 'sine=d=60');
});
afterEach(() => {
  expect(readdirSync(small)).toEqual([]);
  expect(free()).toBe(freeAtFirst);
  expect(bench.survivors()).toEqual([]);
});
afterAll(() => {
  execFileSync('umount', [small]);
  bench[Symbol.dispose]();
});

test('an output that cannot fit is refused before anything is decoded, with need and room', async () => {
  const phases = new Set<string>();
  const call = createFfmpeg({ disk: { reserveBytes: 0 } }).prepareSpeech(input, join(small, 'out.wav'), { onProgress: ({ phase }) => void phases.add(phase) });
  const error = await failure(call);
  expect(error.code).toBe('DISK_FULL');
  expect(error.facts['neededBytes']).toBe(Math.ceil(60 * 16_000 * 6 * 1.1));
  expect(phases.has('decode')).toBe(false);
});

test('the reserve stays free', async () => {
  const error = await failure(createFfmpeg({ disk: { reserveBytes: 2 ** 50 } }).prepareSpeech(input, bench.path('out.wav')));
  expect(error.code).toBe('DISK_FULL');
});

test('a disk that is full in the middle is a full disk, and nothing is left on it', async () => {
  // This ffprobe promises a second where there is a minute.
  const answer = '{"streams":[{"codec_type":"audio","codec_name":"flac","sample_rate":"44100","channels":1}],"format":{"format_name":"flac","duration":"1","probe_score":100}}';
  const liar = fakeProgram(bench, 'ffprobe', 'ffprobe', `echo '${answer}'`);
  const error = await failure(createFfmpeg({ binaries: { ffprobe: liar }, disk: { reserveBytes: 0 } }).prepareSpeech(input, join(small, 'out.wav')));
  expect(error.code).toBe('DISK_FULL');
});

test('with temp files elsewhere, the disk of the output alone can be full', async () => {
  const temp = createTempFiles({ folder: bench.path('temp') });
  const answer = '{"streams":[{"codec_type":"audio","codec_name":"flac","sample_rate":"44100","channels":1}],"format":{"format_name":"flac","duration":"1","probe_score":100}}';
  const liar = fakeProgram(bench, 'ffprobe', 'ffprobe', `echo '${answer}'`);
  writeFileSync(join(small, 'filler'), Buffer.alloc(3 * mebibyte));
  const call = failure(createFfmpeg({ binaries: { ffprobe: liar }, disk: { reserveBytes: 0 }, temp }).prepareSpeech(input, join(small, 'out.wav')));
  const error = await call.finally(() => execFileSync('rm', [join(small, 'filler')]));
  expect(error.code).toBe('DISK_FULL');
  expect(readdirSync(bench.path('temp'))).toEqual([]);
});

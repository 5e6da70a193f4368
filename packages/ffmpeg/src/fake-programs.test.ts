import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createFfmpeg, type Ffmpeg } from './ffmpeg.ts';
import type { FfmpegLimits } from './options.ts';
import { fakeProgram } from './testing/fake-ffmpeg.ts';
import { createWorkbench, failure } from './testing/workbench.ts';

const bench = createWorkbench();
const out = bench.path('out.wav');
let input = '';
let count = 0;

/** The real ffprobe and an ffmpeg that does what `body` says. */
function withFake(body: string, limits: Partial<FfmpegLimits> = {}): Ffmpeg {
  return createFfmpeg({ binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', `ffmpeg-${(count += 1)}`, body) }, limits: { openTimeoutMs: 500, stallMs: 500, ...limits } });
}
function withFakeProbe(body: string, limits: Partial<FfmpegLimits> = {}): Ffmpeg {
  return createFfmpeg({ binaries: { ffprobe: fakeProgram(bench, 'ffprobe', `ffprobe-${(count += 1)}`, body) }, limits });
}
const codeOf = async (tool: Ffmpeg): Promise<string> => (await failure(tool.prepareSpeech(input, out))).code;

beforeAll(() => {
  input = bench.make('in.wav', '-f', 'lavfi', '-i', 'sine=d=4');
});
afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
  expect(existsSync(out)).toBe(false);
});
afterAll(() => bench[Symbol.dispose]());

test('one that says nothing is ended at the limit for opening', async () => {
  expect(await codeOf(withFake('exec sleep 100'))).toBe('STALLED');
});

test('one that stops in the middle, and lets the first TERM pass as the real one does, is ended by the stall', async () => {
  expect(await codeOf(withFake(`trap 'trap - TERM' TERM; head -c 6400 /dev/zero; while :; do sleep 0.05; done`))).toBe('STALLED');
});

test('one that ignores every TERM is ended by the stall all the same', async () => {
  expect(await codeOf(withFake(`trap '' TERM; while :; do sleep 0.05; done`))).toBe('STALLED');
});

test('one that floods its error output while it gives no sound is ended by the stall', async () => {
  expect(await codeOf(withFake('yes "size= 100kB time=00:00:01.00 out_time_us=1000000 progress=continue" >&2'))).toBe('STALLED');
});

test('one that gives sound for ever is ended at the cap of the output', async () => {
  expect(await codeOf(withFake('exec cat /dev/zero', { outputSlackBytes: 1_000_000 }))).toBe('OUTPUT_LIMIT');
});

test('one that gives sound slowly for ever is ended at the time limit', async () => {
  const slow = withFake('while :; do head -c 640 /dev/zero; sleep 0.1; done');
  const error = await failure(slow.prepareSpeech(input, out, { timeoutMs: 900, exact: true }));
  expect(error.code).toBe('TIMEOUT');
  expect(error.facts['timeoutMs']).toBe(900);
});

test('one that ends with 0 and gave nothing is an empty output', async () => {
  expect(await codeOf(withFake('exit 0'))).toBe('EMPTY_OUTPUT');
});

test('one that ends with 0 and gave half is a truncated input', async () => {
  expect(await codeOf(withFake('head -c 128000 /dev/zero'))).toBe('TRUNCATED');
});

test('one that ends in the middle of a sample is not trusted with the rest of it', async () => {
  const tool = withFake('head -c 256003 /dev/zero');
  const { durationSeconds, bytes } = await tool.prepareSpeech(input, bench.path('ragged.wav'));
  expect(durationSeconds).toBeCloseTo(4, 3);
  expect(bytes).toBe(44 + 64_000 * 2);
});

test('one that crashes, one that is killed, and one that fails are told apart', async () => {
  expect(await codeOf(withFake('kill -SEGV $$'))).toBe('PROGRAM_CRASHED');
  expect(await codeOf(withFake('kill -KILL $$'))).toBe('PROGRAM_KILLED');
  expect(await codeOf(withFake('kill -XCPU $$'))).toBe('TIMEOUT');
  expect(await codeOf(withFake('echo nobody knows this >&2; exit 3'))).toBe('PROGRAM_FAILED');
});

test('a grandchild that holds the pipe does not outlive the call', async () => {
  expect(['EMPTY_OUTPUT', 'STALLED']).toContain(await codeOf(withFake('sleep 100 & exit 0')));
});

test('samples that are no numbers are corrupt', async () => {
  expect(await codeOf(withFake(`head -c 128000 /dev/zero; printf '\\000\\000\\300\\177'; head -c 128000 /dev/zero`))).toBe('CORRUPT');
});

test('an ffprobe that hangs says that the file may be corrupt', async () => {
  const error = await failure(withFakeProbe('exec sleep 100', { probeTimeoutMs: 500 }).probe(input));
  expect(error.code).toBe('PROBE_TIMEOUT');
  expect(error.message).toContain('may be corrupt');
});

test('an ffprobe that prints without end is stopped', async () => {
  expect((await failure(withFakeProbe('exec yes').probe(input))).code).toBe('CORRUPT');
});

test('an ffprobe that prints half an answer, or none, is no witness', async () => {
  for (const body of [`printf '{"streams":['`, 'exit 0', `echo '{}'`, `echo '[]'`]) {
    expect((await failure(withFakeProbe(body).probe(input))).code).toMatch(/^(?:UNSUPPORTED_FORMAT|CORRUPT)$/);
  }
});

test('an answer with odd values is read as far as it makes sense', async () => {
  const answer = {
    streams: [
      { codec_type: 'audio', codec_name: 'mp3', sample_rate: 'N/A', channels: 0 },
      { codec_type: 'audio', codec_name: 'aac', sample_rate: '44100', channels: 2, tags: { language: 'eng', __proto__: 'x' }, duration: 'N/A' },
      { codec_type: 'video' },
      {},
    ],
    format: { format_name: 'matroska,webm', duration: 'N/A', probe_score: '100' },
  };
  const info = await withFakeProbe(`echo '${JSON.stringify(answer)}'`).probe(input);
  expect(info.audio).toEqual([{ index: 1, codec: 'aac', sampleRate: 44_100, channels: 2, language: 'eng', isDefault: false, startSeconds: 0, durationConfidence: 'unknown' }]);
  expect(info.durationSeconds).toBeUndefined();
  expect(info.warnings[0]).toContain('1 of 2 audio streams');
});

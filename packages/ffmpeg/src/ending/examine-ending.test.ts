import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import { examineEnding } from './examine-ending.ts';

const bench = createWorkbench();
const sound = ['-f', 'lavfi', '-i', 'anoisesrc=a=0.2:d=3:seed=3'];
afterAll(() => {
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
  bench[Symbol.dispose]();
});

const parts = Array.from({ length: 60 }, (_, index) => 0.1 + (0.85 * index) / 60);

/** How a good file ends, and how its beginnings do. */
async function endings(name: string, format: string): Promise<{ readonly good: string; readonly cut: Readonly<Record<string, number>> }> {
  const bytes = readFileSync(bench.path(name));
  const states: Record<string, number> = {};
  for (const part of parts) {
    writeFileSync(bench.path(`cut.${name}`), bytes.subarray(0, Math.floor(bytes.length * part)));
    const { state } = await examineEnding(bench.path(`cut.${name}`), format);
    states[state] = (states[state] ?? 0) + 1;
  }
  return { good: (await examineEnding(bench.path(name), format)).state, cut: states };
}

describe('a container that states its length knows every cut', () => {
  test.each<[string, string, string[]]>([
    ['a.wav', 'wav', []],
    ['rf64.wav', 'wav', ['-rf64', 'always']],
    ['a.w64', 'w64', []],
    ['a.aiff', 'aiff', []],
    ['a.caf', 'caf', []],
    ['a.m4a', 'mov', []],
    ['fast.m4a', 'mov', ['-movflags', '+faststart']],
    ['a.mka', 'matroska', ['-c:a', 'libvorbis']],
    ['a.flac', 'flac', []],
    ['a.ogg', 'ogg', ['-c:a', 'libopus']],
    ['a.mp3', 'mp3', []],
    ['vbr.mp3', 'mp3', ['-q:a', '4']],
    ['a.flv', 'flv', ['-ar', '44100']],
    ['a.wma', 'asf', []],
    ['a.avi', 'avi', []],
  ])('%s', async (name, format, args) => {
    bench.make(name, ...sound, ...args);
    expect(await endings(name, format)).toEqual({ good: 'whole', cut: { cut: parts.length } });
  });
});

describe('one that does not knows a cut within a frame or a packet, and says that it knows no more', () => {
  test.each<[string, string, string[]]>([
    ['bare.mp3', 'mp3', ['-write_xing', '0']],
    ['tagged.mp3', 'mp3', ['-write_xing', '0', '-write_id3v1', '1', '-metadata', 'title=x']],
    ['a.aac', 'aac', []],
    ['44.ac3', 'ac3', ['-ar', '44100']],
    ['48.ac3', 'ac3', ['-ar', '48000']],
    ['32.ac3', 'ac3', ['-ar', '32000']],
    ['a.ts', 'mpegts', []],
    ['a.mpg', 'mpeg', []],
    ['live.webm', 'matroska', ['-c:a', 'libopus', '-live', '1']],
  ])('%s', async (name, format, args) => {
    bench.make(name, ...sound, ...args);
    const { good, cut } = await endings(name, format);
    expect(good).toBe('unknown');
    expect(cut['cut']).toBeGreaterThan(parts.length * 0.9);
    expect(cut['whole']).toBeUndefined();
  });

  test('AMR', async () => {
    for (const [head, byte, size] of [['#!AMR\n', 0x3c, 32], ['#!AMR-WB\n', 0x44, 61]] as const) {
      const frame = Buffer.alloc(size).fill(byte, 0, 1);
      writeFileSync(bench.path('a.amr'), Buffer.concat([Buffer.from(head), ...Array.from({ length: 100 }, () => frame)]));
      const { good, cut } = await endings('a.amr', 'amr');
      expect(good).toBe('unknown');
      expect(cut['cut']).toBeGreaterThan(parts.length * 0.8);
    }
  });

  test('MP4 in fragments', async () => {
    bench.make('fragments.mp4', ...sound, '-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov', '-frag_duration', '200000');
    const { good, cut } = await endings('fragments.mp4', 'mov');
    expect(good).toBe('whole');
    expect(cut['cut']).toBeGreaterThan(parts.length * 0.9);
  });
});

test('a WAV whose writer did not know the length is not cut off', async () => {
  const bytes = readFileSync(bench.make('pipe.wav', '-bitexact', ...sound));
  for (const size of [0, 0xffff_ffff, 0x7fff_ffff]) {
    bytes.writeUInt32LE(size, bytes.indexOf('data') + 4);
    writeFileSync(bench.path('pipe.wav'), bytes);
    expect((await examineEnding(bench.path('pipe.wav'), 'wav')).state).toBe('unknown');
  }
});

test('a file that lost its index with its end is truncated, one whose index is damaged is corrupt', async () => {
  const ffmpeg = createFfmpeg();
  const bytes = readFileSync(bench.make('index.m4a', ...sound));
  writeFileSync(bench.path('lost.m4a'), bytes.subarray(0, bytes.indexOf('moov') - 4));
  expect((await failure(ffmpeg.probe(bench.path('lost.m4a')))).code).toBe('TRUNCATED');
  const damaged = Buffer.from(bytes);
  damaged.fill(0xff, bytes.indexOf('hdlr') - 4, bytes.indexOf('stsz'));
  writeFileSync(bench.path('damaged.m4a'), damaged);
  expect((await failure(ffmpeg.probe(bench.path('damaged.m4a')))).code).toBe('CORRUPT');
});

test('what is cut off is refused with the reason, and taken as it is on request', async () => {
  const bytes = readFileSync(bench.make('half.ogg', ...sound, '-c:a', 'libopus'));
  const file = bench.path('half.ogg');
  writeFileSync(file, bytes.subarray(0, bytes.length / 2));
  const error = await failure(createFfmpeg().prepareSpeech(file, bench.path('out.wav')));
  expect(error).toMatchObject({ code: 'TRUNCATED', facts: { reason: expect.stringMatching(/page/) } });
  const { durationSeconds, warnings } = await createFfmpeg({ acceptTruncated: true }).prepareSpeech(file, bench.path('out.wav'));
  expect(durationSeconds).toBeLessThan(2.5);
  expect(warnings.join()).toContain('cut off');
  expect((await createFfmpeg().probe(file)).ending).toMatchObject({ state: 'cut', atByte: expect.any(Number) });
});

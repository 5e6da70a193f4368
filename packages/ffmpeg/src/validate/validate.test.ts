import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { fakeProgram } from '../testing/fake-ffmpeg.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import { createFrameWatch } from './frame-watch.ts';

vi.setConfig({ testTimeout: 60_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const noise = ['-f', 'lavfi', '-i', 'anoisesrc=c=pink:a=0.2:d=12:seed=7:r=44100', '-ac', '2'];
const film = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10:d=12', ...noise];

const recipes: Readonly<Record<string, readonly string[]>> = {
  wav: noise, flac: noise, mp3: noise, aac: noise, ac3: noise, ogg: noise, m4a: noise, aiff: noise, caf: noise,
  opus: [...noise, '-ar', '48000'], webm: [...noise, '-c:a', 'libopus', '-ar', '48000'],
  mkv: [...film, '-c:v', 'mpeg4', '-c:a', 'ac3'], mp4: [...film, '-c:v', 'mpeg4', '-c:a', 'aac'], ts: [...film, '-c:v', 'mpeg2video', '-c:a', 'mp2'],
  wma: noise, flv: [...film, '-c:v', 'flv', '-c:a', 'mp3'], avi: [...film, '-c:v', 'mpeg4', '-c:a', 'mp3'],
};
for (const [extension, args] of Object.entries(recipes)) bench.make(`whole.${extension}`, ...args);

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

/** A copy with its bytes from the middle on changed by `change`. */
function damaged(extension: string, name: string, change: (bytes: Buffer, middle: number) => Buffer): string {
  const bytes = readFileSync(bench.path(`whole.${extension}`));
  const file = bench.path(`${name}.${extension}`);
  writeFileSync(file, change(Buffer.from(bytes), Math.floor(bytes.length / 2)));
  return file;
}
const zeroed = (bytes: Buffer, from: number): Buffer => bytes.fill(0, from, from + 20_000);
const oneBit = (bytes: Buffer, at: number): Buffer => {
  bytes[at] = (bytes[at] as number) ^ 16;
  return bytes;
};
const takenOut = (bytes: Buffer, from: number): Buffer => Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 20_000)]);

describe('a whole file', () => {
  test.each(Object.keys(recipes))('is found whole: .%s', async (extension) => {
    const report = await ffmpeg.validate(bench.path(`whole.${extension}`));
    expect(report.faults).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.streams).toHaveLength(1);
    expect(report.streams[0]?.decodedSeconds).toBeCloseTo(12, 0);
    expect(report.streams[0]?.missingSeconds).toBeLessThan(0.03);
  });

  test('is decoded with all its audio streams', async () => {
    const two = bench.make('two.mkv', ...noise, '-f', 'lavfi', '-i', 'sine=d=5', '-map', '0', '-map', '1', '-c:a', 'flac');
    const { streams, ok } = await ffmpeg.validate(two);
    expect(streams.map(({ index, decodedSeconds }) => [index, Math.round(decodedSeconds)])).toEqual([[0, 12], [1, 5]]);
    expect(ok).toBe(true);
  });

  test('is only looked at, and that is said, when nothing shall be decoded', async () => {
    const { ok, streams, untold } = await ffmpeg.validate(damaged('flac', 'unseen', zeroed), { decode: false });
    expect({ ok, streams }).toEqual({ ok: true, streams: [] });
    expect(untold).toEqual([expect.stringContaining('was not tried')]);
  });
});

describe('damage in the middle of a file that ffmpeg decodes with exit code 0', () => {
  test.each(['flac', 'ogg', 'opus', 'mp3', 'aac', 'ac3', 'm4a', 'mp4', 'mkv', 'webm', 'wma'])('is found: 20,000 zeros in a .%s', async (extension) => {
    const { ok, faults } = await ffmpeg.validate(damaged(extension, 'zeroed', zeroed));
    expect(ok).toBe(false);
    expect(faults.map(({ code }) => code)).toContain('CORRUPT');
  });

  test.each(['flac', 'ogg', 'opus', 'ac3'])('is found where there are checksums: one bit in a .%s', async (extension) => {
    const { ok, faults, untold } = await ffmpeg.validate(damaged(extension, 'one-bit', oneBit));
    expect(ok).toBe(false);
    expect(faults.map(({ code }) => code)).toContain('CORRUPT');
    expect(untold.filter((line) => line.includes('no checksum'))).toEqual([]);
  });

  test('is said to be beyond finding where there are none', async () => {
    const { ok, untold } = await ffmpeg.validate(damaged('wav', 'one-bit', oneBit));
    expect(ok).toBe(true);
    expect(untold).toEqual([expect.stringContaining('pcm_s16le carries no checksum')]);
  });

  test('is named with its place and its length, which nothing else tells of a FLAC file', async () => {
    const file = damaged('flac', 'gap', zeroed);
    const { streams, faults } = await ffmpeg.validate(file);
    const fault = faults.find(({ stream }) => stream === 0);
    expect(fault?.message).toMatch(/lacks 0\.\d\d s: at \d\.\d\d s the next 0\.\d\d s are missing/);
    expect(fault?.atSeconds).toBeCloseTo(6, 0);
    expect(streams[0]?.missingSeconds).toBeGreaterThan(0.05);
    expect((streams[0]?.decodedSeconds ?? 0) + (streams[0]?.missingSeconds ?? 0)).toBeCloseTo(12, 2);
  });
});

describe('a piece taken out of the middle', () => {
  test.each(['flac', 'ogg', 'opus', 'mp3', 'wav', 'mkv', 'm4a'])('is found in a .%s', async (extension) => {
    const report = await ffmpeg.validate(damaged(extension, 'piece', takenOut)).then(({ ok, faults }) => ({ ok, codes: faults.map(({ code }) => code) }), ({ code }: { readonly code: string }) => ({ ok: false, codes: [code] }));
    expect(report.ok).toBe(false);
    expect(report.codes.filter((code) => code !== 'TRUNCATED' && code !== 'CORRUPT')).toEqual([]);
  });

  test('is said to be beyond finding in a row of frames', async () => {
    const { untold } = await ffmpeg.validate(bench.path('whole.aac'));
    expect(untold).toContainEqual(expect.stringContaining('whole frames were taken out'));
  });
});

test('a cut-off file is a fault of its own, and the rest of it is decoded all the same', async () => {
  const { ok, faults, streams } = await ffmpeg.validate(damaged('flac', 'cut', (bytes, middle) => bytes.subarray(0, middle)));
  expect(ok).toBe(false);
  expect(faults.map(({ code }) => code)).toEqual(expect.arrayContaining(['TRUNCATED']));
  expect(streams[0]?.decodedSeconds).toBeCloseTo(6, 0);
});

test('a pause that a sender left out is a remark in a container that allows it, not a fault', async () => {
  const gap = bench.make('pause.mkv', '-f', 'lavfi', '-i', 'sine=d=8', '-c:a', 'aac', '-bsf:a', "setts=ts='if(gt(N,200),TS+5000,TS)'");
  const { ok, warnings, streams } = await ffmpeg.validate(gap);
  expect(ok).toBe(true);
  expect(streams[0]?.missingSeconds).toBeCloseTo(5, 0);
  expect(warnings).toContainEqual(expect.stringContaining('lost, or never recorded'));
});

test('what is no media, has no sound, or has lost its index is thrown, as by every call', async () => {
  writeFileSync(bench.path('text.mp3'), 'This is no song.\n'.repeat(200));
  const codes = [bench.path('text.mp3'), bench.path('nowhere.mp3'), damaged('m4a', 'no-index', (bytes, middle) => bytes.subarray(0, middle))].map(async (file) => (await failure(ffmpeg.validate(file))).code);
  expect(await Promise.all(codes)).toEqual(['UNSUPPORTED_FORMAT', 'INPUT_MISSING', 'TRUNCATED']);
});

test('a program that gives no frame any more is ended', async () => {
  const stuck = createFfmpeg({ binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', 'stuck', `echo '#tb 0: 1/44100'; while :; do echo '0, 0, 0, 1024, 4096, 0x1'; sleep 0.05; done`) }, limits: { stallMs: 600, openTimeoutMs: 600 } });
  expect((await failure(stuck.validate(bench.path('whole.wav')))).code).toBe('STALLED');
});

test('a program that ends with 0 and gave nothing has proved nothing', async () => {
  const empty = createFfmpeg({ binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', 'empty', 'exit 0') } });
  expect((await empty.validate(bench.path('whole.wav'))).faults).toEqual([expect.objectContaining({ code: 'EMPTY_OUTPUT', stream: 0 })]);
});

test('sound beyond the longest duration ends it', async () => {
  expect((await failure(createFfmpeg({ limits: { maxDurationSeconds: 5 } }).validate(bench.path('whole.aac')))).code).toBe('TOO_LONG');
});

describe('frames', () => {
  test('are followed from stream to stream; lines that are none are passed over', () => {
    const watch = createFrameWatch();
    for (const line of ['#software: Lavf', '#tb 0: 1/1000', '#tb 1: 1/8000', '0, 0, 0, 20, 4, 0x0', '1,    800,    800,  800, 4, 0x0', '0, half', '0, 520, 520, 20, 4, 0x0']) watch.take(line);
    expect(watch.seen(0)).toEqual({ decodedSeconds: 0.04, endSeconds: 0.54, missingSeconds: 0.5, jumps: [{ atSeconds: 0.02, seconds: 0.5 }] });
    expect(watch.seen(1)).toEqual({ decodedSeconds: 0.1, endSeconds: 0.2, missingSeconds: 0, jumps: [] });
    expect(watch.furthestSeconds).toBe(0.54);
  });

  test('that jump for ever are counted, and only the first hundred places are kept', () => {
    const watch = createFrameWatch();
    watch.take('#tb 0: 1/1000');
    for (let frame = 0; frame < 1_000; frame += 1) watch.take(`0, ${frame * 40}, ${frame * 40}, 20, 4, 0x0`);
    expect(watch.seen(0).jumps).toHaveLength(100);
    expect(watch.seen(0).missingSeconds).toBeCloseTo(19.98, 6);
  });
});

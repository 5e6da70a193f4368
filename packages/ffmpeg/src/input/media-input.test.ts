import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createTempFiles } from '@media-jobs/cleanup';
import { MediaJobError } from '@media-jobs/foundation';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createFfmpeg, type Ffmpeg } from '../ffmpeg.ts';
import type { FfmpegLimits } from '../options.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import type { MediaInput } from './media-input.ts';
import type { SpooledInput } from './spool-stream.ts';

vi.setConfig({ testTimeout: 60_000 });

const bench = createWorkbench();
const work = bench.path('work');
const out = bench.path('out.wav');
let film = '';

const tool = (limits: Partial<FfmpegLimits> = {}): Ffmpeg => createFfmpeg({ limits, temp: createTempFiles({ folder: work }) });
const left = (): readonly string[] => (existsSync(work) ? readdirSync(work) : []);

beforeAll(() => {
  film = bench.make('film.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=4', '-f', 'lavfi', '-i', 'sine=d=4', '-c:v', 'mpeg4', '-c:a', 'aac');
});
afterEach(() => {
  expect(left()).toEqual([]);
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

describe('a stream', () => {
  test('of an MP4 with its index at the end gives what the file gives, and is hashed on the way', async () => {
    const spooled: SpooledInput[] = [];
    const fromStream = await tool().prepareSpeech(createReadStream(film), out, { overwrite: true, onSpooled: (one) => void spooled.push(one) });
    const samples = readFileSync(out);
    await tool().prepareSpeech(film, out, { overwrite: true });
    expect(readFileSync(out).equals(samples)).toBe(true);
    expect(fromStream.durationSeconds).toBeCloseTo(4, 0);
    expect(spooled).toEqual([{ bytes: readFileSync(film).length, sha256: createHash('sha256').update(readFileSync(film)).digest('hex') }]);
  });

  const calls: readonly (readonly [string, (input: MediaInput) => Promise<unknown>])[] = [
    ['probe', (input) => tool().probe(input)],
    ['validate', (input) => tool().validate(input)],
    ['waveform', (input) => tool().waveform(input, bench.path('a.png'))],
    ['spectrogram', (input) => tool().spectrogram(input, bench.path('b.png'))],
    ['split', (input) => tool().split(input, bench.path('parts'), { by: { everySeconds: 2 } })],
    ['convert', (input) => tool().convert(input, bench.path('c.mp3'))],
    ['extractAudio', (input) => tool().extractAudio(input, bench.path('d.m4a'))],
    ['normalizeLoudness', (input) => tool().normalizeLoudness(input, bench.path('e.wav'))],
    ['denoise', (input) => tool().denoise(input, bench.path('f.wav'))],
    ['highpass', (input) => tool().highpass(input, bench.path('g.wav'))],
    ['toMono', (input) => tool().toMono(input, bench.path('h.wav'))],
    ['resample', (input) => tool().resample(input, bench.path('i.wav'), { sampleRate: 22_050 })],
  ];
  test.each(calls)('is taken by %s', async (_, call) => {
    await call(createReadStream(film));
  });

  test('lends the parts of a split a name, having none', () => {
    expect(readdirSync(bench.path('parts')).toSorted()).toEqual(['stream-0001.wav', 'stream-0002.wav', ...(existsSync(bench.path('parts/stream-0003.wav')) ? ['stream-0003.wav'] : [])]);
  });

  test('without a work folder is kept in one of the system, and gone afterwards', async () => {
    const { durationSeconds } = await createFfmpeg().probe(createReadStream(film));
    expect(durationSeconds).toBeCloseTo(4, 0);
  });
});

/** Bytes without end, and how many were taken. */
function endless(byte: number): { readonly stream: Readable; readonly taken: () => number } {
  let taken = 0;
  const stream = new Readable({
    read(size) {
      taken += size;
      this.push(Buffer.alloc(size, byte));
    },
  });
  return { stream, taken: () => taken };
}

describe('what ends a stream early', () => {
  test('more bytes than are allowed, while they flow', async () => {
    const { stream, taken } = endless(7);
    const error = await failure(tool({ maxInputBytes: 1_000_000 }).prepareSpeech(stream, out));
    expect(error.code).toBe('INPUT_TOO_LARGE');
    expect(error.facts['maxBytes']).toBe(1_000_000);
    expect(taken()).toBeLessThan(2_000_000);
    expect(stream.destroyed).toBe(true);
  });

  test('nothing but zeros, at once', async () => {
    const { stream, taken } = endless(0);
    expect((await failure(tool().probe(stream))).code).toBe('INPUT_ALL_ZERO');
    expect(taken()).toBeLessThan(1_000_000);
    expect(stream.destroyed).toBe(true);
  });

  test('an error of its own, which is kept as the cause', async () => {
    const stream = new PassThrough();
    stream.write(readFileSync(film).subarray(0, 5_000));
    const call = failure(tool().prepareSpeech(stream, out));
    await vi.waitFor(() => expect(left()).toHaveLength(1), { timeout: 10_000 });
    stream.destroy(new Error('the line went dead'));
    expect(await call).toEqual(expect.objectContaining({ code: 'TRUNCATED', message: expect.stringContaining('the line went dead') }));
  });

  test('an error that has a code already, which is passed on', async () => {
    const refusal = new MediaJobError('CANCELLED', { message: 'Somebody else ended it.' });
    const stream = new Readable({ read() { this.destroy(refusal); } });
    expect(await failure(tool().probe(stream))).toBe(refusal);
  });

  test('having been destroyed, or read, before', async () => {
    const destroyed = createReadStream(film).destroy();
    expect((await failure(tool().probe(destroyed))).code).toBe('TRUNCATED');
    const read = Readable.from([readFileSync(film)], { objectMode: false });
    await tool().probe(read);
    expect(['INPUT_EMPTY', 'TRUNCATED']).toContain((await failure(tool().probe(read))).code);
  });

  test.each(['signal', 'kill'] as const)('an abort by `%s`, while nothing comes', async (control) => {
    const stream = new PassThrough();
    stream.write('R');
    const abort = new AbortController();
    const call = failure(tool().prepareSpeech(stream, out, { [control]: abort.signal }));
    await vi.waitFor(() => expect(left()).toHaveLength(1), { timeout: 10_000 });
    const began = performance.now();
    abort.abort();
    expect((await call).code).toBe('ABORTED');
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(stream.destroyed).toBe(true);
  });

  test('an abort before it began', async () => {
    const stream = createReadStream(film);
    expect((await failure(tool().probe(stream, { signal: AbortSignal.abort() }))).code).toBe('ABORTED');
    expect(stream.destroyed).toBe(true);
  });

  test('silence of the sender', async () => {
    const stream = new PassThrough();
    stream.write('R');
    expect((await failure(tool({ stallMs: 300 }).probe(stream))).code).toBe('STALLED');
    expect(stream.destroyed).toBe(true);
  });

  test('something that is no bytes', async () => {
    expect((await failure(tool().probe(Readable.from([{ a: 1 }])))).code).toBe('INVALID_OPTION');
    expect((await failure(tool().probe(createReadStream(film, 'utf8')))).code).toBe('INVALID_OPTION');
    expect((await failure(tool().probe(42 as unknown as string))).code).toBe('INVALID_OPTION');
  });
});

test('a cut-off stream is found out like a cut-off file', async () => {
  const bytes = readFileSync(film);
  expect((await failure(tool().prepareSpeech(Readable.from([bytes.subarray(0, bytes.length / 2)], { objectMode: false }), out))).code).toBe('TRUNCATED');
});

test('a slow sender keeps its stream alive as long as something comes', async () => {
  const bytes = readFileSync(film);
  const slowly = async function* (): AsyncGenerator<Buffer> {
    for (let part = 0; part < 6; part += 1) {
      await pause(150);
      yield bytes.subarray(Math.floor((part * bytes.length) / 6), Math.floor(((part + 1) * bytes.length) / 6));
    }
  };
  const { bytes: size } = await tool({ stallMs: 60_000 }).probe(Readable.from(slowly(), { objectMode: false }));
  expect(size).toBe(bytes.length);
});

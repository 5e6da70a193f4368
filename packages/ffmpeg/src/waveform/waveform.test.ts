import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { writeFloatWav } from '../testing/float-wav.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const rate = 8_000;
/** A second of silence, a second of tone, a second of silence. */
const burst = writeFloatWav(bench.path('burst.wav'), Float32Array.from({ length: rate * 3 }, (_, index) => (Math.floor(index / rate) === 1 ? 0.5 * Math.sin(index) : 0)), rate);

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

/** The points of a PNG, four bytes each, as ffmpeg reads them. */
function pixels(file: string): Buffer {
  return execFileSync('ffmpeg', ['-v', 'error', '-i', `file:${file}`, '-f', 'rawvideo', '-pix_fmt', 'rgba', '-'], { maxBuffer: 1e8 });
}

/** How many points of column `x` have the colour. */
function countInColumn(picture: Buffer, width: number, x: number, color: readonly number[]): number {
  let count = 0;
  for (let at = x * 4; at < picture.length; at += width * 4) if (color.every((value, part) => picture[at + part] === value)) count += 1;
  return count;
}

test('the picture shows sound where sound is, and a line where it is silent', async () => {
  const out = bench.path('burst.png');
  const result = await ffmpeg.waveform(burst, out, { width: 300, height: 100 });
  expect(result).toEqual({ path: out, bytes: readFileSync(out).length, width: 300, height: 100, durationSeconds: 3, warnings: [] });
  const picture = pixels(out);
  expect(picture).toHaveLength(300 * 100 * 4);
  const background = [0x0f, 0x17, 0x2a, 255];
  for (const x of [5, 50, 95, 205, 250, 295]) expect(countInColumn(picture, 300, x, background)).toBe(98);
  for (const x of [105, 150, 195]) expect(countInColumn(picture, 300, x, background)).toBeLessThan(20);
});

test('size, colours and a transparent background are as asked for', async () => {
  const out = bench.path('style.png');
  await ffmpeg.waveform(burst, out, { width: 64, height: 64, color: '#FF0000', background: 'transparent' });
  const picture = pixels(out);
  expect(picture).toHaveLength(64 * 64 * 4);
  expect([...picture.subarray(0, 4)]).toEqual([255, 0, 0, 0]);
  expect(countInColumn(picture, 64, 32, [255, 0, 0, 255])).toBeGreaterThan(20);
});

test('silence has a picture', async () => {
  const silent = writeFloatWav(bench.path('silent.wav'), new Float32Array(rate * 2), rate);
  const { bytes } = await ffmpeg.waveform(silent, bench.path('silent.png'));
  expect(bytes).toBeGreaterThan(100);
});

test('a truncated input has none', async () => {
  const whole = readFileSync(bench.make('whole.flac', '-i', '{}/burst.wav', '-af', 'aloop=3:24000'));
  writeFileSync(bench.path('cut.flac'), whole.subarray(0, whole.length / 2));
  expect((await failure(ffmpeg.waveform(bench.path('cut.flac'), bench.path('cut.png')))).code).toBe('TRUNCATED');
  expect(existsSync(bench.path('cut.png'))).toBe(false);
});

test.each([{ width: 15 }, { width: 10_000 }, { height: 0 }, { color: 'red' }, { background: '#12' }])('%o is refused', async (options) => {
  expect((await failure(ffmpeg.waveform(burst, bench.path('no.png'), options))).code).toBe('INVALID_OPTION');
});

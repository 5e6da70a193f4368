import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { createWorkbench, failure } from '../testing/workbench.ts';
import { CutFinder } from './cut-finder.ts';

vi.setConfig({ testTimeout: 120_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
/** Two seconds of tone, half a second of pause, and so on. */
const talk = bench.make('talk.wav', '-f', 'lavfi', '-i', "aevalsrc='if(lt(mod(t\\,2.5)\\,2)\\,0.3*sin(2000*t)\\,0)':d=20.3:s=16000", '-c:a', 'pcm_s16le', '-bitexact');

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

const samplesOf = (file: string): Buffer => readFileSync(file).subarray(44);

test.each([
  ['by time', { everySeconds: 6 }, [6, 6, 6, 2.3]],
  ['by size', { maxBytes: 44 + 32_000 * 8 }, [8, 8, 4.3]],
] as const)('%s, and the parts together are the whole', async (name, by, lengths) => {
  const { parts, durationSeconds } = await ffmpeg.split(talk, bench.path(name), { by });
  expect(parts.map((part) => part.durationSeconds)).toEqual(lengths.map((length) => expect.closeTo(length, 6)));
  expect(parts.map(({ startSeconds }) => startSeconds)).toEqual(parts.map((_, index) => expect.closeTo(parts.slice(0, index).reduce((sum, part) => sum + part.durationSeconds, 0), 6)));
  expect(durationSeconds).toBeCloseTo(20.3, 3);
  expect(Buffer.concat(parts.map(({ path }) => samplesOf(path))).equals(samplesOf(talk).subarray(0, 20.3 * 32_000))).toBe(true);
  for (const { path, bytes } of parts) expect(readFileSync(path)).toHaveLength(bytes);
  expect(parts[0]?.path).toBe(join(bench.path(name), 'talk-0001.wav'));
});

test('in pauses, so that no part is too long and no word is cut', async () => {
  const { parts } = await ffmpeg.split(talk, bench.path('pauses'), { by: { atSilence: { maxSeconds: 6 } } });
  for (const { startSeconds, durationSeconds } of parts) {
    expect(durationSeconds).toBeLessThanOrEqual(6);
    expect(startSeconds === 0 || (startSeconds % 2.5 >= 2 && startSeconds % 2.5 < 2.5)).toBe(true);
  }
  expect(parts.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)).toBeCloseTo(20.3, 3);
});

test('where there is no pause the cut is made at the longest length', () => {
  const finder = new CutFinder(16_000, 48_000);
  for (let piece = 0; piece < 16; piece += 1) finder.add(new Int16Array(10_000).fill(1_000));
  expect(finder.cuts.every((cut, index) => cut - (finder.cuts[index - 1] ?? 0) <= 48_000)).toBe(true);
  expect(finder.cuts).toHaveLength(3);
});

test('a part that is there already stops all of them', async () => {
  await ffmpeg.split(talk, bench.path('twice'), { by: { everySeconds: 10 } });
  expect((await failure(ffmpeg.split(talk, bench.path('twice'), { by: { everySeconds: 5 } }))).code).toBe('OUTPUT_EXISTS');
  expect(readdirSync(bench.path('twice'))).toEqual(['talk-0001.wav', 'talk-0002.wav', 'talk-0003.wav']);
  expect((await failure(ffmpeg.split(talk, bench.path('twice'), { by: {} as never }))).code).toBe('INVALID_OPTION');
});

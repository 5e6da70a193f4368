import { readFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../../ffmpeg.ts';
import { fakeProgram } from '../../testing/fake-ffmpeg.ts';
import { createWorkbench, ebur128 } from '../../testing/workbench.ts';

/** A minute of sound several times over: more than the usual time on a machine that has much else to do. */
vi.setConfig({ testTimeout: 180_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg({ concurrency: 3 });
const seconds = 64;
/** A tone that comes and goes, hiss, and clicks that the limiter must hold. */
const noisy = bench.make('noisy.wav', '-f', 'lavfi', '-i', `aevalsrc='0.3*sin(1131*t)*pow(sin(2*t)\\,2)+0.02*(random(0)-0.5)+if(lt(mod(t\\,1.7)\\,0.002)\\,0.6\\,0)':d=${seconds}:s=44100`, '-ac', '2');
/** Long enough that the decoding of each part is seen to go on, and its overlap is little beside it. */
const long = bench.make('long.flac', '-f', 'lavfi', '-i', 'sine=f=300:r=16000:d=900', '-c:a', 'flac');

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

function samplesOf(file: string): Int16Array {
  const bytes = readFileSync(file);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length));
}

function largestDifference(one: Int16Array, other: Int16Array): number {
  return one.reduce((most, sample, index) => Math.max(most, Math.abs(sample - (other[index] ?? 0))), 0);
}

describe('one file in three processes', () => {
  test.each([
    ['noisy.wav', []],
    ['in.flac', []],
    ['in.mp3', ['-b:a', '128k']],
    ['in.ogg', ['-c:a', 'libopus']],
    ['vorbis.ogg', ['-c:a', 'libvorbis']],
    ['alac.m4a', ['-c:a', 'alac']],
  ] as const)('%s gives the samples of one process, and as many', async (name, codec) => {
    const file = name === 'noisy.wav' ? noisy : bench.make(name, '-i', '{}/noisy.wav', ...codec);
    const [one, three] = [bench.path(`${name}.one.wav`), bench.path(`${name}.three.wav`)];
    const alone = await ffmpeg.prepareSpeech(file, one, { parallel: false, waveform: { file: `${one}.png` } });
    const together = await ffmpeg.prepareSpeech(file, three, { parallel: 3, waveform: { file: `${three}.png` } });
    expect([alone.processes, together.processes]).toEqual([1, 3]);
    expect(samplesOf(three)).toHaveLength(samplesOf(one).length);
    expect(together.loudness.inputLufs).toBeCloseTo(alone.loudness.inputLufs ?? 0, 2);
    expect(together.loudness.inputPeakDb).toBe(alone.loudness.inputPeakDb);
    expect(together.loudness.mode).toBe('limited');
    expect(together.loudness.outputLufs).toBeCloseTo(alone.loudness.outputLufs ?? 0, 1);
    // A limiter that is all but at rest is put to rest, which happens at another sample: 1e-4 of full scale at most.
    expect(largestDifference(samplesOf(one), samplesOf(three))).toBeLessThanOrEqual(4);
    expect(Math.abs(ebur128(three).lufs - (together.loudness.outputLufs ?? 0))).toBeLessThanOrEqual(0.1);
    expect(ebur128(three).peakDb).toBeLessThanOrEqual(-1.5);
  });

  test('without a limiter every sample and every point of the picture is the same', async () => {
    const [one, three] = [bench.path('plain.one.wav'), bench.path('plain.three.wav')];
    const options = { loudness: { targetLufs: -35 } };
    await ffmpeg.prepareSpeech(noisy, one, { ...options, parallel: false, waveform: { file: `${one}.png` } });
    await ffmpeg.prepareSpeech(noisy, three, { ...options, parallel: 3, waveform: { file: `${three}.png` } });
    expect(readFileSync(three).equals(readFileSync(one))).toBe(true);
    expect(readFileSync(`${three}.png`).equals(readFileSync(`${one}.png`))).toBe(true);
  });

  test('AAC, whose decoder adds noise of its own, has as many samples and the same loudness', async () => {
    const file = bench.make('in.m4a', '-i', '{}/noisy.wav', '-c:a', 'aac');
    const one = await ffmpeg.prepareSpeech(file, bench.path('aac.one.wav'), { parallel: false });
    const three = await ffmpeg.prepareSpeech(file, bench.path('aac.three.wav'), { parallel: 3 });
    expect(three.processes).toBe(3);
    expect(three.bytes).toBe(one.bytes);
    expect(three.loudness.inputLufs).toBeCloseTo(one.loudness.inputLufs ?? 0, 1);
  });

  test('the longest part decodes at most 0.6 of the samples of the whole, overlap and all', async () => {
    // What a part costs on a processor, which a shared machine distorts, is for the benchmark `parallel`.
    const decoded = async (parallel: false | 2): Promise<number[]> => {
      const log = bench.path(`decoded-${parallel}`);
      const counted = createFfmpeg({ concurrency: 1, binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', `ffmpeg-${parallel}`, `mkfifo ${log}.$$; wc -c < ${log}.$$ >> ${log} & ffmpeg "$@" | tee ${log}.$$; wait`) } });
      const { processes } = await counted.prepareSpeech(long, bench.path(`decoded-${parallel}.wav`), { parallel, loudness: false });
      const bytes = readFileSync(log, 'utf8').trim().split('\n').map(Number);
      expect(bytes).toHaveLength(processes);
      return bytes;
    };
    const [whole, parts] = [await decoded(false), await decoded(2)];
    expect([whole.length, parts.length]).toEqual([1, 2]);
    expect(Math.max(...parts) / (whole[0] ?? 0)).toBeLessThanOrEqual(0.6);
  });
});

describe('where it is not possible', () => {
  test.each([['in.mkv', 'libmp3lame'], ['in.ts', 'mp2']] as const)('%s is decoded in one go', async (name, codec) => {
    const file = bench.make(name, '-i', '{}/noisy.wav', '-c:a', codec);
    const out = bench.path(`${name}.wav`);
    const { processes, durationSeconds } = await ffmpeg.prepareSpeech(file, out, { parallel: 3 });
    expect(processes).toBe(1);
    expect(durationSeconds).toBeGreaterThan(seconds - 1);
  });

  test.each([
    // Takes each argument from the front and puts it at the end, and adds ten milliseconds to the one behind -ss.
    ['that looks 10 ms beside the place', 'n=$#; prev=; while [ $n -gt 0 ]; do a=$1; shift; [ "$prev" = -ss ] && b=$(awk "BEGIN { print $a + 0.01 }") || b=$a; set -- "$@" "$b"; prev=$a; n=$((n - 1)); done; exec ffmpeg "$@"'],
    ['that cannot start in the middle', 'case " $* " in *" -ss "*) echo "Invalid data found" >&2; exit 1;; esac; exec ffmpeg "$@"'],
    ['that gives too little from the middle', 'case " $* " in *" -ss "*) ffmpeg "$@" | head -c 100000;; *) exec ffmpeg "$@";; esac'],
  ])('a program %s is found out, and one process decodes it all', async (name, body) => {
    const wrong = createFfmpeg({ concurrency: 3, binaries: { ffmpeg: fakeProgram(bench, 'ffmpeg', `ffmpeg ${name}`, body) } });
    const loudness = { targetLufs: -35 };
    const { processes } = await wrong.prepareSpeech(noisy, bench.path('found-out.wav'), { parallel: 3, loudness, overwrite: true });
    await ffmpeg.prepareSpeech(noisy, bench.path('right.wav'), { parallel: false, loudness, overwrite: true });
    expect(processes).toBe(1);
    expect(readFileSync(bench.path('found-out.wav')).equals(readFileSync(bench.path('right.wav')))).toBe(true);
  });

  test('short files are not cut up, and neither is anything when the caller does not want it', async () => {
    expect((await ffmpeg.prepareSpeech(noisy, bench.path('auto.wav'))).processes).toBe(1);
  });
});

test('an abort ends all parts', async () => {
  const controller = new AbortController();
  const began = performance.now();
  let aborted = Infinity;
  const call = ffmpeg.prepareSpeech(long, bench.path('aborted.wav'), {
    parallel: 3,
    denoise: 'medium',
    signal: controller.signal,
    onProgress: ({ phase }) => {
      if (phase !== 'decode' || controller.signal.aborted) return;
      aborted = performance.now() - began;
      controller.abort();
    },
  });
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  expect(aborted).toBeLessThan(Infinity);
});

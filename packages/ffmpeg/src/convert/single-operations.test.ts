import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import { randomSource, writeFloatWav } from '../testing/float-wav.ts';
import { createWorkbench, ebur128, failure } from '../testing/workbench.ts';

/** Several runs of ffmpeg a test: more than the usual time on a machine that has much else to do. */
vi.setConfig({ testTimeout: 180_000 });

const bench = createWorkbench();
const ffmpeg = createFfmpeg({ concurrency: 4 });
const voice = bench.make('voice.wav', '-f', 'lavfi', '-i', 'sine=f=300:d=3:r=44100', '-ac', '2');
const film = bench.make('film.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=3', '-i', '{}/voice.wav', '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest');

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

/** Codec, sample rate and channels by ffprobe. */
function sound(file: string): string {
  return execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,sample_rate,channels', '-of', 'csv=p=0', file], { encoding: 'utf8' }).trim();
}

describe('containers', () => {
  test.each([
    ['out.wav', {}, 'pcm_s16le,44100,2'],
    ['out-24.wav', { codec: 'pcm24' }, 'pcm_s24le,44100,2'],
    ['out.mp3', { bitRate: 64_000 }, 'mp3,44100,2'],
    ['out.m4a', { channels: 1 }, 'aac,44100,1'],
    ['lossless.m4a', { codec: 'alac' }, 'alac,44100,2'],
    ['out.ogg', {}, 'opus,48000,2'],
    ['vorbis.ogg', { codec: 'vorbis' }, 'vorbis,44100,2'],
    ['out.flac', { sampleRate: 22_050 }, 'flac,22050,2'],
    ['out.webm', { bitRate: 32_000 }, 'opus,48000,2'],
  ] as const)('%s holds what was asked for, and lasts as long as its input', async (name, options, expected) => {
    const { path, bytes, durationSeconds } = await ffmpeg.convert(film, bench.path(name), options);
    expect(sound(path)).toBe(expected);
    expect(bytes).toBe(readFileSync(path).length);
    expect(Math.abs(durationSeconds - 3)).toBeLessThan(0.1);
  });

  test.each([
    [{ codec: 'opus' }, 'out.mp3'],
    [{ bitRate: 64_000 }, 'out.flac'],
    [{ sampleRate: 44_100 }, 'out.opus'],
    [{ bitRate: 1 }, 'out.mp3'],
    [{}, 'out.txt'],
  ] as const)('%j is refused for %s before anything is read', async (options, name) => {
    expect((await failure(ffmpeg.convert('missing.mp4', bench.path(name), options))).code).toBe('INVALID_OPTION');
  });
});

test('the sound of a film is taken over as it is where the container takes it, else coded anew', async () => {
  expect(sound((await ffmpeg.extractAudio(film, bench.path('same.m4a'))).path)).toBe('aac,44100,2');
  const packets = (file: string): string => execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a', '-c', 'copy', '-f', 'adts', '-'], { encoding: 'latin1' });
  expect(packets(bench.path('same.m4a'))).toBe(packets(film));
  expect(sound((await ffmpeg.extractAudio(film, bench.path('other.mp3'))).path)).toBe('mp3,44100,2');
  await ffmpeg.extractAudio(film, bench.path('anew.m4a'), { reencode: true });
  expect(packets(bench.path('anew.m4a'))).not.toBe(packets(film));
});

test('sound that starts late in a film starts as late in what was extracted', async () => {
  const late = bench.make('late.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=5', '-itsoffset', '2', '-f', 'lavfi', '-i', 'sine=d=3', '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac');
  const { durationSeconds } = await ffmpeg.convert(late, bench.path('late.wav'));
  expect(durationSeconds).toBeCloseTo(5, 1);
});

test('rate, channels, rumble and noise are changed one at a time', async () => {
  expect(sound((await ffmpeg.resample(voice, bench.path('rate.wav'), { sampleRate: 16_000 })).path)).toBe('pcm_s16le,16000,2');
  const mono = await ffmpeg.toMono(voice, bench.path('mono.wav'));
  expect(sound(mono.path)).toBe('pcm_s16le,44100,1');
  expect(mono).toMatchObject({ channel: 'mix', antiPhase: false, warnings: [] });
  const rumble = bench.make('rumble.wav', '-f', 'lavfi', '-i', 'sine=f=20:d=3');
  const without = await ffmpeg.highpass(rumble, bench.path('without.wav'));
  expect(ebur128(rumble).peakDb - ebur128(without.path).peakDb).toBeGreaterThan(18);
  const next = randomSource();
  const hiss = writeFloatWav(bench.path('hiss.wav'), Float32Array.from({ length: 48_000 }, () => 0.004 * next()), 16_000);
  const quiet = await ffmpeg.denoise(hiss, bench.path('quiet.wav'), { strength: 'medium' });
  expect(ebur128(hiss).lufs - ebur128(quiet.path).lufs).toBeGreaterThan(3);
});

test('of two channels the wanted one becomes the only one, and two that cancel each other out are found', async () => {
  const pair = (name: string, left: number, right: number): string => writeFloatWav(bench.path(name), Float32Array.from({ length: 96_000 }, (_, index) => (index % 2 === 0 ? left : right) * Math.sin(Math.floor(index / 2) / 8)), 16_000, 2);
  const opposite = await ffmpeg.toMono(pair('opposite.wav', 0.3, -0.3), bench.path('one.wav'));
  expect(opposite).toMatchObject({ antiPhase: true, channel: 'left', warnings: [expect.stringContaining('cancel')] });
  expect(ebur128(opposite.path).lufs).toBeGreaterThan(-20);
  expect(await ffmpeg.toMono(pair('uneven.wav', 0.01, 0.3), bench.path('loud.wav'), { channel: 'loudest' })).toMatchObject({ channel: 'right', antiPhase: false });
  expect(ebur128((await ffmpeg.toMono(bench.path('uneven.wav'), bench.path('soft.wav'), { channel: 'left' })).path).lufs).toBeLessThan(-35);
});

test('a failed call leaves no file, and an existing one is not replaced unasked', async () => {
  const target = bench.path('kept.wav');
  await ffmpeg.convert(voice, target);
  expect((await failure(ffmpeg.convert(voice, target))).code).toBe('OUTPUT_EXISTS');
  expect((await failure(ffmpeg.convert(voice, bench.path('aborted.wav'), { signal: AbortSignal.abort() }))).code).toBe('ABORTED');
  expect(existsSync(bench.path('aborted.wav'))).toBe(false);
});

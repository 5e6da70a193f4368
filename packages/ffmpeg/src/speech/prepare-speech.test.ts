import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { systemClock, type LogFields, type Logger } from '@media-jobs/foundation';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createFfmpeg } from '../ffmpeg.ts';
import type { FfmpegProgress } from '../progress.ts';
import { randomSource, writeFloatWav } from '../testing/float-wav.ts';
import { createWorkbench, ebur128, failure } from '../testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
/** Its time runs so fast that no progress is held back, and each phase is seen. */
const eager = createFfmpeg({ clock: { ...systemClock, monotonic: () => performance.now() * 1e6 } });
const voice = bench.speak('voice.wav', 'hello world. this is a test.');
const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=4'];

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

/** Format, rate, channels and bits of a WAV file, from its own header. */
function header(file: string): readonly number[] {
  const bytes = readFileSync(file);
  return [bytes.readUInt16LE(20), bytes.readUInt32LE(24), bytes.readUInt16LE(22), bytes.readUInt16LE(34)];
}

describe('from any media to speech', () => {
  test.each([
    ['talk.mp4', ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac']],
    ['talk.mkv', ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'libmp3lame']],
    ['talk.webm', ['-c:v', 'libvpx', '-c:a', 'libopus']],
  ] as const)('the speech of %s comes out as 16 kHz mono 16-bit PCM', async (name, codecs) => {
    const out = bench.path(`${name}.wav`);
    const result = await ffmpeg.prepareSpeech(bench.make(name, ...picture, '-i', '{}/voice.wav', ...codecs, '-shortest'), out);
    expect(header(out)).toEqual([1, 16_000, 1, 16]);
    expect(result.path).toBe(out);
    expect(result.bytes).toBe(readFileSync(out).length);
    expect(result.expectedSeconds ?? 0).toBeCloseTo(result.durationSeconds, 0);
    expect(result.audioInfo.bytes).toBe(readFileSync(bench.path(name)).length);
    expect(result.loudness.outputLufs ?? 0).toBeCloseTo(-16, 0);
    expect(result.warnings).toEqual([]);
    expect(result.binary.version).toMatch(/\d/);
  });

  test.each(['mp3', 'ogg', 'aac', 'aiff', 'ts', 'avi'])('.%s is read', async (extension) => {
    const { durationSeconds } = await ffmpeg.prepareSpeech(bench.make(`in.${extension}`, '-i', '{}/voice.wav', '-ar', '44100'), bench.path('any.wav'), { overwrite: true });
    expect(durationSeconds).toBeGreaterThan(1.5);
  });
});

describe('channels and streams', () => {
  const rate = 16_000;
  const stereo = (name: string, left: (index: number) => number, right: (index: number) => number): string =>
    writeFloatWav(bench.path(name), Float32Array.from({ length: rate * 4 * 2 }, (_, index) => (index % 2 === 0 ? left : right)(Math.floor(index / 2))), rate, 2);
  const tone = (gain: number, hertz: number) => (index: number): number => gain * Math.sin((2 * Math.PI * hertz * index) / rate);

  test('the louder of two channels is found and taken', async () => {
    const file = stereo('right.wav', tone(0.01, 300), tone(0.3, 300));
    const { channel, loudness } = await ffmpeg.prepareSpeech(file, bench.path('louder.wav'), { channel: 'loudest' });
    expect(channel).toBe('right');
    const right = await ffmpeg.prepareSpeech(file, bench.path('right-only.wav'), { channel: 'right' });
    expect(right.loudness.inputLufs).toBeCloseTo(loudness.inputLufs ?? 0, 1);
    const left = await ffmpeg.prepareSpeech(file, bench.path('left-only.wav'), { channel: 'left' });
    expect((right.loudness.inputLufs ?? 0) - (left.loudness.inputLufs ?? 0)).toBeCloseTo(29.5, 0);
  });

  test('two channels that are each other\'s opposite would be silence in a mix: it is said, and the louder one is taken', async () => {
    const file = stereo('opposite.wav', tone(0.2, 300), tone(-0.3, 300));
    const mixed = await ffmpeg.prepareSpeech(stereo('equal.wav', tone(0.3, 300), tone(-0.3, 300)), bench.path('mixed.wav'));
    expect(mixed).toMatchObject({ antiPhase: true, channel: 'left', loudness: { applied: true } });
    expect(mixed.warnings).toEqual([expect.stringContaining('cancel')]);
    const asked = await ffmpeg.prepareSpeech(file, bench.path('asked.wav'), { channel: 'loudest' });
    expect(asked).toMatchObject({ antiPhase: false, channel: 'right', warnings: [] });
    const nearly = await ffmpeg.prepareSpeech(stereo('nearly-in.wav', tone(0.3, 300), tone(-0.298, 300)), bench.path('nearly.wav'));
    expect(nearly).toMatchObject({ antiPhase: true, channel: 'left' });
  });

  test('a quiet recording of two channels that have nothing in common is mixed as ever', async () => {
    const file = stereo('apart.wav', tone(0.01, 300), tone(0.01, 410));
    const { antiPhase, channel, loudness, durationSeconds } = await ffmpeg.prepareSpeech(file, bench.path('apart-mixed.wav'));
    expect({ antiPhase, channel, durationSeconds }).toEqual({ antiPhase: false, channel: 'mix', durationSeconds: 4 });
    const one = await ffmpeg.prepareSpeech(file, bench.path('apart-left.wav'), { channel: 'left' });
    expect((one.loudness.inputLufs ?? 0) - (loudness.inputLufs ?? 0)).toBeCloseTo(0, 0);
    expect(ebur128(bench.path('apart-mixed.wav')).lufs).toBeCloseTo(loudness.outputLufs ?? 0, 0);
  });

  test('the stream that the file marks as default is taken, or the one that is asked for', async () => {
    bench.make('low.wav', '-f', 'lavfi', '-i', 'sine=f=200:d=2');
    const file = bench.make('two.mkv', '-i', '{}/low.wav', '-i', '{}/voice.wav', '-map', '0', '-map', '1', '-disposition:a:0', '0', '-disposition:a:1', 'default');
    const spoken = await ffmpeg.prepareSpeech(file, bench.path('default.wav'));
    const first = await ffmpeg.prepareSpeech(file, bench.path('first.wav'), { stream: 0 });
    expect(first.durationSeconds).toBeCloseTo(2, 1);
    expect(spoken.durationSeconds).not.toBeCloseTo(2, 1);
    expect((await failure(ffmpeg.prepareSpeech(file, bench.path('third.wav'), { stream: 2 }))).code).toBe('INVALID_OPTION');
  });

  test('rumble is filtered out, unless the caller wants it', async () => {
    const file = writeFloatWav(bench.path('rumble.wav'), Float32Array.from({ length: rate * 4 }, (_, index) => tone(0.5, 20)(index)), rate);
    const filtered = await ffmpeg.prepareSpeech(file, bench.path('without.wav'));
    const kept = await ffmpeg.prepareSpeech(file, bench.path('with.wav'), { highpassHz: false });
    expect((kept.loudness.inputPeakDb ?? 0) - (filtered.loudness.inputPeakDb ?? 0)).toBeGreaterThan(18);
  });
});

test('steady noise is taken away when it is asked for, in the same decode', async () => {
  const next = randomSource();
  const rate = 16_000;
  const noisy = writeFloatWav(bench.path('hiss.wav'), Float32Array.from({ length: rate * 8 }, (_, index) => 0.003 * next() + (index % (2 * rate) < rate ? 0.2 * Math.sin((2 * Math.PI * 300 * index) / rate) : 0)), rate);
  /** Level of the last pause. */
  const pauseDb = (file: string): number => {
    const bytes = readFileSync(file);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) >> 1).subarray(rate * 7.2, rate * 7.8);
    return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  };
  const levels = await Promise.all((['off', 'light', 'medium'] as const).map(async (denoise) => {
    const out = bench.path(`denoise-${denoise}.wav`);
    const { durationSeconds } = await ffmpeg.prepareSpeech(noisy, out, { denoise });
    expect(durationSeconds).toBe(8);
    return pauseDb(out);
  }));
  expect((levels[0] ?? 0) - (levels[1] ?? 0)).toBeGreaterThan(2);
  expect((levels[1] ?? 0) - (levels[2] ?? 0)).toBeGreaterThan(0.3);
});

describe('the time line', () => {
  /** The first second with sound in it, of a 16-bit WAV file. */
  const firstSound = (file: string): number => {
    const bytes = readFileSync(file);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) >> 1);
    return samples.findIndex((sample) => Math.abs(sample) > 3000) / 16_000;
  };
  const film = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=8', '-itsoffset', '3', '-f', 'lavfi', '-i', 'sine=d=4', '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'];

  test.each(['mp4', 'mkv'])('sound that starts three seconds into a .%s film starts there in the speech too', async (extension) => {
    const out = bench.path(`late-${extension}.wav`);
    const { durationSeconds, expectedSeconds } = await ffmpeg.prepareSpeech(bench.make(`late.${extension}`, ...film), out);
    expect(durationSeconds).toBeCloseTo(7, 0);
    expect(expectedSeconds ?? 0).toBeCloseTo(durationSeconds, 1);
    expect(firstSound(out)).toBeCloseTo(3, 1);
  });

  test('a gap in the timestamps is silence, and no sign of a cut', async () => {
    bench.make('even.mkv', '-f', 'lavfi', '-i', 'sine=d=8', '-c:a', 'aac');
    const gap = bench.make('gap.mkv', '-i', '{}/even.mkv', '-c', 'copy', '-bsf:a', "setts=ts='if(gt(N,100),TS+5000,TS)'");
    const { durationSeconds, warnings } = await ffmpeg.prepareSpeech(gap, bench.path('gap.wav'));
    expect(durationSeconds).toBeCloseTo(13, 1);
    expect(warnings).toEqual([]);
  });
});

describe('outputs', () => {
  test('an existing file is replaced only when that is allowed, and a failure leaves it as it was', async () => {
    const out = bench.path('kept.wav');
    writeFileSync(out, 'precious');
    const phases: string[] = [];
    const refused = eager.prepareSpeech(voice, out, { onProgress: ({ phase }) => void phases.push(phase) });
    expect((await failure(refused)).code).toBe('OUTPUT_EXISTS');
    expect(phases).toEqual(['probe']);
    writeFileSync(bench.path('text.mp4'), 'no media');
    expect((await failure(ffmpeg.prepareSpeech(bench.path('text.mp4'), out, { overwrite: true }))).code).toBe('UNSUPPORTED_FORMAT');
    expect(readFileSync(out, 'utf8')).toBe('precious');
    await ffmpeg.prepareSpeech(voice, out, { overwrite: true });
    expect(header(out)).toEqual([1, 16_000, 1, 16]);
  });

  test('the input is never the output, by whatever name', async () => {
    linkSync(voice, bench.path('hard.wav'));
    symlinkSync(voice, bench.path('soft.wav'));
    const before = readFileSync(voice);
    for (const name of ['voice.wav', 'hard.wav', 'soft.wav']) expect((await failure(ffmpeg.prepareSpeech(voice, bench.path(name), { overwrite: true }))).code).toBe('INPUT_IS_OUTPUT');
    expect((await failure(ffmpeg.prepareSpeech(voice, bench.path('o.wav'), { overwrite: true, waveform: { file: bench.path('hard.wav') } }))).code).toBe('INPUT_IS_OUTPUT');
    expect(readFileSync(voice).equals(before)).toBe(true);
  });

  test('speech and picture appear together or not at all', async () => {
    mkdirSync(bench.path('wall.png'));
    const error = await failure(ffmpeg.prepareSpeech(voice, bench.path('alone.wav'), { overwrite: true, waveform: { file: bench.path('wall.png') } }));
    expect(error.code).toBe('OUTPUT_UNWRITABLE');
    expect(existsSync(bench.path('alone.wav'))).toBe(false);
    // Something gets in the way of the speech when the work has begun, so the picture is already in its place.
    const late = eager.prepareSpeech(voice, bench.path('wall.wav'), {
      waveform: { file: bench.path('alone.png') },
      onProgress: ({ phase }) => phase === 'verify' && !existsSync(bench.path('wall.wav')) && mkdirSync(bench.path('wall.wav')),
    });
    expect((await failure(late)).code).toMatch(/^OUTPUT_(?:EXISTS|UNWRITABLE)$/);
    expect(existsSync(bench.path('alone.png'))).toBe(false);
  });

  test('a folder that does not exist is refused before anything is decoded', async () => {
    const phases: string[] = [];
    const call = ffmpeg.prepareSpeech(voice, bench.path('nowhere/out.wav'), { onProgress: ({ phase }) => void phases.push(phase) });
    expect((await failure(call)).code).toBe('OUTPUT_UNWRITABLE');
    expect(phases).not.toContain('decode');
  });
});

describe('what the caller sees of it', () => {
  test('progress goes from 0 to 1, never back, and is 1 only when the file is in its place', async () => {
    const next = randomSource();
    const long = writeFloatWav(bench.path('long.wav'), Float32Array.from({ length: 120 * 16_000 }, () => next() * 0.1), 16_000);
    const out = bench.path('progress.wav');
    const seen: (FfmpegProgress & { readonly there: boolean })[] = [];
    await ffmpeg.prepareSpeech(long, out, { onProgress: (progress) => void seen.push({ ...progress, there: existsSync(out) }) });
    const ratios = seen.map(({ ratio }) => ratio);
    expect(ratios[0]).toBe(0);
    expect(ratios).toEqual(ratios.toSorted((one, other) => one - other));
    expect(seen.at(-1)).toEqual(expect.objectContaining({ ratio: 1, there: true, seconds: 120 }));
    for (const { ratio, there } of seen.slice(0, -1)) expect([ratio < 1, there]).toEqual([true, false]);
  });

  test('the time limit is logged and told, and the times of the parts add up', async () => {
    const lines: LogFields[] = [];
    const logger: Logger = { debug: () => undefined, info: (fields) => void lines.push(fields), warn: () => undefined, error: () => undefined, child: () => logger };
    const limits: number[] = [];
    const { timings } = await createFfmpeg({ logger }).prepareSpeech(voice, bench.path('timed.wav'), { timeoutMs: 90_000, onTimeLimit: (timeoutMs) => void limits.push(timeoutMs) });
    expect(limits).toEqual([90_000]);
    expect(lines).toContainEqual(expect.objectContaining({ timeoutMs: 90_000, from: 'caller', sizeMs: 60_000 }));
    expect(Math.abs(timings.probeMs + timings.decodeMs + timings.gainMs + timings.verifyMs - timings.totalMs)).toBeLessThanOrEqual(4);
  });

  test('wrong options are refused by name before anything is started', async () => {
    const nowhere = createFfmpeg({ searchPath: '' });
    for (const [name, options] of Object.entries({ channel: { channel: 'middle' }, highpassHz: { highpassHz: 5 }, 'loudness.targetLufs': { loudness: { targetLufs: 0 } }, 'waveform.width': { waveform: { file: 'x.png', width: 1 } }, timeoutMs: { timeoutMs: -1 } })) {
      const call = (name === 'timeoutMs' ? ffmpeg : nowhere).prepareSpeech(voice, bench.path('never.wav'), options as never);
      expect((await failure(call)).message).toContain(`\`${name}\``);
    }
  });
});

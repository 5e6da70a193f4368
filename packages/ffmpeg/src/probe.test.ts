import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFfmpeg } from './ffmpeg.ts';
import { createWorkbench, failure } from './testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const tone = ['-f', 'lavfi', '-i', 'sine=f=440:d=4'];
const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=4'];

afterAll(() => {
  expect(bench.survivors()).toEqual([]);
  bench[Symbol.dispose]();
});

describe('sound', () => {
  test.each([
    ['a.wav', [], 'wav', 'pcm_s16le'],
    ['a.mp3', [], 'mp3', 'mp3'],
    ['a.flac', [], 'flac', 'flac'],
    ['a.ogg', ['-c:a', 'libopus'], 'ogg', 'opus'],
    ['a.m4a', [], 'mov,mp4,m4a,3gp,3g2,mj2', 'aac'],
  ] as const)('%s is described, and its duration is exact', async (name, codec, format, codecName) => {
    const info = await ffmpeg.probe(bench.make(name, ...tone, ...codec));
    expect(info.format).toBe(format);
    expect(info.audio).toEqual([expect.objectContaining({ index: 0, codec: codecName, channels: 1, durationConfidence: 'exact' })]);
    expect(info.durationSeconds).toBeCloseTo(4, 0);
    expect(info.video).toEqual([]);
    expect(info.warnings).toEqual([]);
  });

  test('the duration of raw AAC, and of an MP3 without a header of its own, is only estimated, and it is said', async () => {
    for (const file of [bench.make('a.aac', ...tone), bench.make('bare.mp3', ...tone, '-write_xing', '0')]) {
      const info = await ffmpeg.probe(file);
      expect(info.durationConfidence).toBe('estimated');
      expect(info.warnings).toHaveLength(1);
    }
  });

  test('a wrong extension does not matter', async () => {
    copyFileSync(bench.make('b.flac', ...tone), bench.path('b.mp3'));
    expect((await ffmpeg.probe(bench.path('b.mp3'))).format).toBe('flac');
  });

  test('cover art is no video', async () => {
    bench.make('cover.png', ...picture, '-frames:v', '1');
    const file = bench.make('cover.mp3', ...tone, '-i', '{}/cover.png', '-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic');
    expect((await ffmpeg.probe(file)).video).toEqual([]);
  });
});

describe('films', () => {
  test.each(['mp4', 'mkv', 'webm'])('%s: video and audio are told apart, and the length is that of the sound', async (extension) => {
    const codecs = extension === 'webm' ? ['-c:v', 'libvpx', '-c:a', 'libopus'] : ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'];
    const file = bench.make(`film.${extension}`, ...picture, '-f', 'lavfi', '-i', 'sine=d=2', ...codecs);
    const info = await ffmpeg.probe(file);
    expect(info.video).toEqual([expect.objectContaining({ width: 64, height: 48 })]);
    expect(info.audio[0]).toEqual(expect.objectContaining({ durationConfidence: 'exact' }));
    expect(info.audio[0]?.durationSeconds).toBeCloseTo(2, 0);
    expect(info.durationSeconds).toBeCloseTo(4, 0);
  });

  test('without sound it is refused', async () => {
    expect((await failure(ffmpeg.probe(bench.make('mute.mp4', ...picture)))).code).toBe('NO_AUDIO');
  });
});

describe('what is no whole media', () => {
  beforeAll(() => void bench.make('ok.m4a', ...tone));

  test('a text called .mp4, noise called .mp3 and a playlist are unsupported', async () => {
    writeFileSync(bench.path('text.mp4'), 'This is no film.\n'.repeat(50));
    writeFileSync(bench.path('noise.mp3'), Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919 * index) & 255)));
    writeFileSync(bench.path('list.m3u8'), '#EXTM3U\n#EXTINF:1,\nok.m4a\n#EXT-X-ENDLIST\n');
    for (const name of ['text.mp4', 'noise.mp3', 'list.m3u8']) expect((await failure(ffmpeg.probe(bench.path(name)))).code).toBe('UNSUPPORTED_FORMAT');
  });

  test('an MP4 that is cut before its index is truncated', async () => {
    copyFileSync(bench.path('ok.m4a'), bench.path('half.m4a'));
    truncateSync(bench.path('half.m4a'), 20_000);
    expect((await failure(ffmpeg.probe(bench.path('half.m4a')))).code).toBe('TRUNCATED');
  });

  test('a WAV that ends before its header says is described with the promised length and a warning', async () => {
    bench.make('long.wav', ...tone);
    truncateSync(bench.path('long.wav'), 100_000);
    const info = await ffmpeg.probe(bench.path('long.wav'));
    expect(info.durationSeconds).toBeCloseTo(4, 2);
    expect(info.warnings.join()).toContain('cut off');
  });

  test.each([
    ['1 Hz', 24, 4, 1],
    ['2 GHz', 24, 4, 2_000_000_000],
    ['65,535 channels', 22, 2, 65_535],
  ])('a WAV header that says %s is refused', async (_, offset, bytes, value) => {
    const wav = readFileSync(bench.make('bomb.wav', ...tone));
    wav.writeUIntLE(value, offset, bytes);
    writeFileSync(bench.path('bomb.wav'), wav);
    expect(['BAD_STREAM', 'CORRUPT']).toContain((await failure(ffmpeg.probe(bench.path('bomb.wav')))).code);
  });

  test('more audio than the limit is refused by what the file states', async () => {
    const strict = createFfmpeg({ limits: { maxDurationSeconds: 3 } });
    expect((await failure(strict.probe(bench.path('ok.m4a')))).code).toBe('TOO_LONG');
  });

  test('a file above the size limit is refused before it is read, naming both sizes', async () => {
    const error = await failure(createFfmpeg({ limits: { maxInputBytes: 1000 }, searchPath: '' }).probe(bench.path('ok.m4a')));
    expect(error).toEqual(expect.objectContaining({ code: 'INPUT_TOO_LARGE', facts: expect.objectContaining({ maxBytes: 1000 }) }));
  });

  test('good MP3 with a long tail of zeros is described without reading the tail', async () => {
    const file = bench.make('tail.mp3', ...tone);
    appendFileSync(file, '');
    truncateSync(file, 2_000_000_000);
    const began = performance.now();
    await ffmpeg.probe(file).catch((error: unknown) => expect(error).toEqual(expect.objectContaining({ code: 'TOO_LONG' })));
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

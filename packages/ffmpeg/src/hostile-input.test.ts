import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessUsage } from '@media-jobs/process';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createFfmpeg } from './ffmpeg.ts';
import { withCoverBomb } from './testing/picture-bomb.ts';
import { createWorkbench, failure } from './testing/workbench.ts';

const bench = createWorkbench();
const ffmpeg = createFfmpeg();
const tone = ['-f', 'lavfi', '-i', 'sine=f=440:d=4'];
const out = bench.path('out.wav');
const codeOf = async (name: string, tool = ffmpeg): Promise<string> => (await failure(tool.prepareSpeech(bench.path(name), out))).code;

afterEach(() => {
  expect(bench.parts()).toEqual([]);
  expect(bench.survivors()).toEqual([]);
  expect(bench.openFiles()).toEqual([]);
});
afterAll(() => bench[Symbol.dispose]());

describe('names', () => {
  const names = ['with space.wav', `it's "quoted".wav`, 'two\nlines.wav', '-i.wav', '$(touch x).wav', '`touch x`.wav', '%03d.wav', 'a:b.wav', 'concat:a.wav', 'übergröße 漢字 🎧.wav', 'semi;colon & | > x.wav', '* back\\slash #?x=1.wav'];

  bench.make('plain.wav', '-f', 'lavfi', '-i', 'sine=d=0.5');

  test.each(names)('an input and an output called %j are just files', async (name) => {
    const folder = bench.path('names');
    mkdirSync(folder, { recursive: true });
    copyFileSync(bench.path('plain.wav'), join(folder, name));
    const target = join(folder, `out ${name}.wav`);
    const { path, durationSeconds } = await ffmpeg.prepareSpeech(join(folder, name), target, { waveform: { file: `${target}.png` } });
    expect(path).toBe(target);
    expect(durationSeconds).toBeCloseTo(0.5, 1);
    expect(existsSync(`${target}.png`)).toBe(true);
    expect(existsSync(bench.path('x')) || existsSync('x')).toBe(false);
  });
});

describe('files that are none', () => {
  test('missing, empty, all zero, folder', async () => {
    writeFileSync(bench.path('empty.mp4'), '');
    writeFileSync(bench.path('zeros.mp3'), '');
    truncateSync(bench.path('zeros.mp3'), 20_000_000_000);
    mkdirSync(bench.path('folder.mp4'));
    expect(await codeOf('missing.mp4')).toBe('INPUT_MISSING');
    expect(await codeOf('empty.mp4')).toBe('INPUT_EMPTY');
    expect(await codeOf('zeros.mp3')).toBe('INPUT_ALL_ZERO');
    expect(await codeOf('folder.mp4')).toBe('INPUT_NOT_FILE');
  });

  test('a pipe without a writer, and a link to /dev/zero, are refused at once', async () => {
    execFileSync('mkfifo', [bench.path('pipe.wav')]);
    symlinkSync('/dev/zero', bench.path('zero.mp3'));
    const began = performance.now();
    expect(await codeOf('pipe.wav')).toBe('INPUT_NOT_FILE');
    expect(await codeOf('zero.mp3')).toBe('INPUT_NOT_FILE');
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('a file that this user may not read', () => {
    const file = bench.make('secret.wav', ...tone);
    chmodSync(file, 0o600);
    chmodSync(bench.folder, 0o755);
    const code = `const { createFfmpeg } = await import(${JSON.stringify(fileURLToPath(new URL('index.ts', import.meta.url)))});
      await createFfmpeg().probe(${JSON.stringify(file)}).then(() => console.log('read'), (error) => console.log(error.code));`;
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--conditions=@media-jobs/source', '--input-type=module', '--eval', code];
    expect(execFileSync('setpriv', args, { encoding: 'utf8' }).trim()).toBe('INPUT_UNREADABLE');
  });
});

describe('files that name other files', () => {
  test('a playlist or concatenation under a media name never reads the secret beside it', async () => {
    const secret = bench.make('secret-speech.wav', ...tone);
    const texts = {
      'hls.mp3': `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
      'live.mp4': `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nsecret-speech.wav\n`,
      'concat.wav': `ffconcat version 1.0\nfile secret-speech.wav\n`,
      'sdp.mp3': 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n',
    };
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(bench.path(name), text);
      expect(await codeOf(name)).toBe('UNSUPPORTED_FORMAT');
      expect(existsSync(out)).toBe(false);
    }
  });
});

describe('files that lie', () => {
  const cut = (from: string, to: string, part: number): void => {
    const bytes = readFileSync(bench.path(from));
    writeFileSync(bench.path(to), bytes.subarray(0, Math.floor(bytes.length * part)));
  };

  test.each([['mp3'], ['flac'], ['wav'], ['mkv']])('half of a .%s is truncated, though ffmpeg ends with 0', async (extension) => {
    bench.make(`whole.${extension}`, ...(extension === 'mkv' ? ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=5:d=8', '-f', 'lavfi', '-i', 'sine=d=8'] : ['-f', 'lavfi', '-i', 'sine=d=8']));
    cut(`whole.${extension}`, `cut.${extension}`, 0.5);
    const error = await failure(ffmpeg.prepareSpeech(bench.path(`cut.${extension}`), out));
    expect(error.code).toBe('TRUNCATED');
    expect(error.facts['expectedSeconds']).toBeCloseTo(8, 0);
    expect(existsSync(out)).toBe(false);
  });

  /** Writes the number of samples into the first block of a FLAC file: 36 bits before its checksum; 0 means unknown. */
  const declareSamples = (file: string, samples: number): void => {
    const flac = readFileSync(file);
    flac.writeUInt8((flac.readUInt8(21) & 0xf0) | Math.floor(samples / 2 ** 32), 21);
    flac.writeUInt32BE(samples % 2 ** 32, 22);
    writeFileSync(file, flac);
  };
  const silence = (name: string, seconds: number): string => bench.make(name, '-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', String(seconds), '-c:a', 'flac', '-frame_size', '65535');

  test('a day of silence in a few KB ends by the limit, whether the file says so or not', async () => {
    const day = silence('day.flac', 1800);
    expect(readFileSync(day).length).toBeLessThan(20_000);
    declareSamples(day, 8000 * 86_400);
    expect(await codeOf('day.flac', createFfmpeg({ limits: { maxDurationSeconds: 3600 } }))).toBe('TOO_LONG');
    declareSamples(day, 0);
    expect(await codeOf('day.flac', createFfmpeg({ limits: { maxDurationSeconds: 600 } }))).toBe('TOO_LONG');
  });

  test('more audio than the file declares ends at the cap of the output', async () => {
    declareSamples(silence('more.flac', 600), 8000 * 10);
    expect(await codeOf('more.flac', createFfmpeg({ limits: { outputSlackBytes: 640_000 } }))).toBe('OUTPUT_LIMIT');
  });

  test('a header of 1 Hz, which would make days of audio, is refused', async () => {
    const wav = readFileSync(bench.make('hertz.wav', ...tone));
    wav.writeUInt32LE(1, 24);
    writeFileSync(bench.path('hertz.wav'), wav);
    expect(await codeOf('hertz.wav')).toBe('BAD_STREAM');
  });

  test('a good file with gigabytes of zeros behind it is cut off; taken as it is, it ends by the stall, long before its time', async () => {
    copyFileSync(bench.make('tail.flac', ...tone), bench.path('tail2.flac'));
    truncateSync(bench.path('tail2.flac'), 20_000_000_000);
    const began = performance.now();
    expect(await codeOf('tail2.flac')).toBe('TRUNCATED');
    expect(await codeOf('tail2.flac', createFfmpeg({ limits: { stallMs: 500, openTimeoutMs: 3_000 }, acceptTruncated: true }))).toBe('STALLED');
    expect(performance.now() - began).toBeLessThan(40_000);
  });

  test.each([['flac', []], ['mp3', []], ['mp3', ['-write_xing', '0']]] as const)('gigabytes of zeros behind a .%s, taken as they are %j, do not fill the memory while ffmpeg searches them', async (extension, args) => {
    const file = bench.make(`zeros-behind.${extension}`, ...tone, ...args);
    truncateSync(file, 20_000_000_000);
    const usages: ProcessUsage[] = [];
    const lenient = createFfmpeg({ limits: { stallMs: 4_000 }, acceptTruncated: true, niceness: 0 });
    const { code } = await failure(lenient.prepareSpeech(file, out, { onUsage: (usage) => void usages.push(usage) }));
    expect(code).toBe('STALLED');
    for (const { peakRssBytes } of usages) expect(peakRssBytes).toBeLessThan(200 * 1024 * 1024);
  });

  test.each([740, 1_450])('a jump of %i s in the time stamps is not filled in memory', async (jump) => {
    const file = bench.make(`jump-${jump}.flv`, ...tone, '-ar', '44100', '-c:a', 'libmp3lame', '-bsf:a', `setts=ts='if(gt(N,60),TS+${jump * 1_000},TS)'`);
    const usages: ProcessUsage[] = [];
    const short = createFfmpeg({ limits: { maxDurationSeconds: 600 } });
    const code = await short.prepareSpeech(file, out, { overwrite: true, onUsage: (usage) => void usages.push(usage) }).then(() => 'ok', (error: { code: string }) => error.code);
    expect(['ok', 'TOO_LONG', 'CORRUPT', 'TRUNCATED']).toContain(code);
    for (const { peakRssBytes } of usages) expect(peakRssBytes).toBeLessThan(300 * 1024 * 1024);
  });

  test('a picture of 16,000 by 16,000 points in an MP3 does not fill the memory', async () => {
    const plain = readFileSync(bench.make('plain.mp3', ...tone, '-id3v2_version', '0'));
    const file = bench.path('bomb.mp3');
    writeFileSync(file, withCoverBomb(plain, 16_000));
    expect(readFileSync(file).length).toBeLessThan(2_000_000);
    const usages: ProcessUsage[] = [];
    await ffmpeg.prepareSpeech(file, bench.path('art.wav'), { onUsage: (usage) => void usages.push(usage) });
    expect(usages.length).toBeGreaterThanOrEqual(2);
    for (const { peakRssBytes } of usages) expect(peakRssBytes).toBeLessThan(300 * 1024 * 1024);
  });
});

test('an environment that asks ffmpeg for reports and colours changes nothing', async () => {
  Object.assign(process.env, { FFREPORT: `file=${bench.path('report.log')}:level=48`, AV_LOG_FORCE_COLOR: '1' });
  try {
    writeFileSync(bench.path('broken.mp4'), Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(4096, 'x')]));
    expect(await codeOf('broken.mp4')).toBe('CORRUPT');
  } finally {
    delete process.env['FFREPORT'];
    delete process.env['AV_LOG_FORCE_COLOR'];
  }
  expect(existsSync(bench.path('report.log'))).toBe(false);
});

test('nothing but finished outputs is left', () => {
  expect(readdirSync(bench.folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

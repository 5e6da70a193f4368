import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { wavBytes } from '../testing/speech.ts';
import { testFolder } from '../testing/test-folder.ts';
import { openWav } from './open-wav.ts';
import { isSilent } from './silence.ts';

const folder = testFolder();
const second = new Int16Array(16_000);

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string): Promise<{ dataOffset: number; dataBytes: number; durationSeconds: number; silent: boolean }> {
  await using wav = await openWav(path);
  return { ...wav.format, silent: await isSilent(wav) };
}

describe('a header', () => {
  test('tells where the samples lie and how long they are', async () => {
    expect(await read(file('plain.wav', wavBytes(second)))).toMatchObject({ dataOffset: 44, dataBytes: 32_000, durationSeconds: 1 });
  });

  test('may have other chunks before the samples, of odd length too', async () => {
    const plain = wavBytes(second);
    const list = Buffer.from('LIST\u0003\0\0\0abc\0', 'latin1');
    expect(await read(file('list.wav', Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)])))).toMatchObject({ dataOffset: 56, durationSeconds: 1 });
  });

  test.each([0, 0xff_ff_ff_ff])('may not know the length (%i), as when a program streamed the file', async (declaredBytes) => {
    expect(await read(file(`streamed-${declaredBytes}.wav`, wavBytes(second, { declaredBytes })))).toMatchObject({ durationSeconds: 1 });
  });

  test('may be written by ffmpeg into a pipe', async () => {
    const bytes = execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'sine=d=0.5', '-ar', '16000', '-ac', '1', '-f', 'wav', '-'], { maxBuffer: 1e7 });
    expect(await read(file('pipe.wav', bytes))).toMatchObject({ durationSeconds: 0.5, silent: false });
  });

  test('may hold no samples at all', async () => {
    expect(await read(file('none.wav', wavBytes(new Int16Array(0))))).toMatchObject({ dataBytes: 0, durationSeconds: 0, silent: true });
  });
});

test.each([
  ['an empty file', Buffer.alloc(0), 'UNSUPPORTED_FORMAT'],
  ['a text', Buffer.from('hello, this is no audio at all'), 'UNSUPPORTED_FORMAT'],
  ['44,100 Hz', wavBytes(second, { rate: 44_100 }), 'UNSUPPORTED_FORMAT'],
  ['stereo', wavBytes(second, { channels: 2 }), 'UNSUPPORTED_FORMAT'],
  ['fewer samples than the header says', wavBytes(second, { declaredBytes: 64_000 }), 'TRUNCATED'],
  ['a header that ends before the samples', wavBytes(second).subarray(0, 30), 'CORRUPT'],
  ['samples without a format', Buffer.concat([wavBytes(second).subarray(0, 12), wavBytes(second).subarray(36)]), 'CORRUPT'],
] as const)('%s is refused by name', async (name, bytes, code) => {
  await expect(read(file(`${name}.wav`, bytes))).rejects.toMatchObject({ code });
});

test('a missing file, a folder and a pipe that nobody writes to are refused by name, at once', async () => {
  mkdirSync(join(folder, 'sub'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(read(join(folder, 'absent.wav'))).rejects.toMatchObject({ code: 'INPUT_MISSING' });
  await expect(read(join(folder, 'sub'))).rejects.toMatchObject({ code: 'INPUT_NOT_FILE' });
  await expect(read(join(folder, 'pipe'))).rejects.toMatchObject({ code: 'INPUT_NOT_FILE' });
});

describe('silence', () => {
  test('is what never rises above -60 dB, whatever its length', async () => {
    const hiss = Int16Array.from({ length: 1_000_001 }, (_, index) => (index % 67) - 33);
    expect((await read(file('hiss.wav', wavBytes(hiss)))).silent).toBe(true);
  });

  test('ends with the first louder sample, be it the very last', async () => {
    const click = new Int16Array(700_000);
    click[click.length - 1] = -34;
    expect((await read(file('click.wav', wavBytes(click)))).silent).toBe(false);
  });
});

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { wavHeader } from '../wav/wav-header.ts';

const execute = promisify(execFile);

/** What the fixture model knows. */
export const vocabulary = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'start', 'stop', 'media', 'audio', 'video', 'job', 'ready', 'done', 'hello', 'world'] as const;

/** Has espeak-ng say it, and brings it to 16 kHz mono with half a second of silence behind it. */
export async function speak(folder: string, name: string, text: string): Promise<string> {
  const raw = join(folder, `${name}.raw.wav`);
  const file = join(folder, `${name}.wav`);
  await execute('espeak-ng', ['-v', 'en-us', '-s', '150', '-w', raw, '--', text]);
  await execute('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-i', raw, '-af', 'apad=pad_dur=0.5', '-ar', '16000', '-ac', '1', '-c:a', 'pcm_s16le', file]);
  return file;
}

/** A WAV file of 16 kHz mono with these samples, or with a lying header where `declaredBytes` says so. */
export function wavBytes(samples: Int16Array, { rate = 16_000, channels = 1, declaredBytes = samples.byteLength }: { rate?: number; channels?: number; declaredBytes?: number } = {}): Buffer {
  const header = wavHeader(samples.length);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt32LE(declaredBytes, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

/** A tone, loud enough not to be silence. */
export async function tone(folder: string, name: string, seconds: number): Promise<string> {
  const samples = Int16Array.from({ length: Math.round(seconds * 16_000) }, (_, index) => 3000 * Math.sin((index * 2 * Math.PI * 440) / 16_000));
  const file = join(folder, `${name}.wav`);
  await writeFile(file, wavBytes(samples));
  return file;
}

import { readFileSync, writeFileSync } from 'node:fs';
import type { Segment } from '@media-jobs/core';
import { wavBytes } from './speech.ts';

const rate = 16_000;

/** A stretch of one loudness, which names it. */
export interface Burst {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  /** Amplitude, 1,000 or more. */
  readonly name: number;
}

/** A WAV file that is silent but for the bursts, which buzz at 800 Hz. */
export function writeBursts(file: string, seconds: number, bursts: readonly Burst[]): string {
  const samples = new Int16Array(Math.round(seconds * rate));
  for (const { start, end, name } of bursts) {
    for (let index = Math.round(start * rate); index < Math.round(end * rate); index += 1) samples[index] = Math.floor(index / 10) % 2 === 0 ? name : -name;
  }
  writeFileSync(file, wavBytes(samples));
  return file;
}

/** Hears bursts exactly, to the sample: an engine whose times tell every mistake of who cuts and joins. */
export function hearBursts(wavFile: string): Segment[] {
  const bytes = readFileSync(wavFile);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) / 2);
  const segments: Segment[] = [];
  for (let index = 0; index < samples.length;) {
    const name = Math.abs(samples[index] ?? 0);
    let end = index + 1;
    while (end < samples.length && Math.abs(samples[end] ?? 0) === name) end += 1;
    if (name > 0) segments.push({ start: index / rate, end: end / rate, text: ` ${name}`, words: [{ start: index / rate, end: end / rate, text: ` ${name}` }] });
    index = end;
  }
  return segments;
}

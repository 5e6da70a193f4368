import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from './random.ts';
import { speak, vocabulary, wavBytes } from './speech.ts';

/** Phrases of one to four words of the fixture model in random order, the same for the same seed. */
export function phrases(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const pick = (): string => vocabulary[Math.floor(random() * vocabulary.length)] ?? 'zero';
  return Array.from({ length: count }, () => Array.from({ length: 1 + Math.floor(random() * 4) }, pick).join(' '));
}

/** Each phrase in a file of its own, and all in one with seconds of silence or of faint noise between them. */
export async function speakProgramme(folder: string, said: readonly string[], seed: number): Promise<{ readonly single: readonly string[]; readonly all: string }> {
  const random = seededRandom(seed);
  const single: string[] = [];
  const pieces: Int16Array[] = [];
  for (const [index, phrase] of said.entries()) {
    const file = await speak(folder, `said-${index}`, phrase);
    single.push(file);
    const bytes = readFileSync(file);
    const start = bytes.indexOf('data') + 8;
    pieces.push(new Int16Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length - ((bytes.length - start) % 2))));
    const amplitude = random() < 0.5 ? 0 : 100;
    pieces.push(Int16Array.from({ length: Math.round((2 + 3 * random()) * 16_000) }, () => amplitude * (2 * random() - 1)));
  }
  const samples = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  const all = join(folder, 'all.wav');
  writeFileSync(all, wavBytes(samples));
  return { single, all };
}

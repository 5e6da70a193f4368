import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import type { Base } from './bases.ts';
import { craftedFiles } from './crafted-files.ts';
import { mutations } from './mutations.ts';
import { createRandom, seedOf } from './random.ts';

/** One file of the corpus, not yet written. */
export interface CorpusFile {
  /** Row and column of the table. */
  readonly container: string;
  readonly mutation: string;
  readonly name: string;
  readonly make: (path: string) => void;
  /** Codes that are right; any when left out. */
  readonly codes?: readonly string[] | undefined;
}

/** In these a cut between two frames or packets leaves no trace: nothing states how many there are. Why is told in docs/corpus.md. */
export const silentCuts: readonly string[] = ['MP3 without a header', 'AAC (ADTS)', 'AC-3', 'AMR', 'MPEG-TS', 'MPEG-PS', 'MP4 (fragments)', 'WebM (live)', 'FLV'];

const small = new Set(['none', 'cut', 'bits flipped', 'bits of the head flipped', 'huge number in the head']);

/** The files of a corpus, the same for the same seed: all, or a small part of each kind. */
export function corpusFiles(bases: readonly Base[], seed: number, whole: boolean): readonly CorpusFile[] {
  const others = bases.map(({ bytes }) => bytes);
  const mutated = bases.flatMap((base) =>
    mutations.flatMap((mutation) => {
      const count = whole ? mutation.count : small.has(mutation.name) ? 1 : 0;
      return Array.from({ length: count }, (_, index): CorpusFile => {
        const label = `${base.extension}-${mutation.name.replaceAll(' ', '-')}-${index}`;
        const random = createRandom(seedOf(`${seed} ${label}`));
        const extension = mutation.extension?.(random) ?? base.extension;
        return {
          container: base.container,
          mutation: mutation.name,
          name: `${label}.${extension}`,
          make: (path) => writeFileSync(path, mutation.change(base.bytes, random, others)),
          codes: codesOf(base, mutation.name),
        };
      });
    }),
  );
  const crafted = craftedFiles(bases).map(({ kind, name, make, codes }) => ({ container: 'made by hand', mutation: kind, name: join(name), make, codes }));
  return [...mutated, ...crafted];
}

function codesOf({ container }: Base, mutation: string): readonly string[] | undefined {
  if (mutation === 'none' || mutation === 'wrong name') return ['ok'];
  if (mutation !== 'cut') return undefined;
  return ['TRUNCATED', 'CORRUPT', 'UNSUPPORTED_FORMAT', 'NO_AUDIO', 'BAD_STREAM', 'EMPTY_OUTPUT', ...(silentCuts.includes(container) ? ['ok'] : [])];
}

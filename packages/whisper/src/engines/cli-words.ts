import type { Word } from '@media-jobs/core';

/** A piece of text as the model writes it. */
export interface CliToken {
  readonly text: string;
  readonly id: number;
  /** 0..1; null where the engine wrote no number. */
  readonly p: number | null;
  /** Milliseconds. */
  readonly offsets?: { readonly from: number; readonly to: number } | undefined;
}

/** Languages that are written without blanks: there each token is a word of its own. */
const withoutBlanks = new Set(['zh', 'ja', 'th', 'lo', 'my', 'yue']);

/** Of a vocabulary of 51,865 tokens or more the first special token is one higher. */
const firstSpecial = (vocabulary: number): number => (vocabulary >= 51_865 ? 50_257 : 50_256);

function joined(tokens: readonly CliToken[]): Word | undefined {
  const timed = tokens.map(({ offsets }) => offsets).filter((offsets) => offsets !== undefined);
  const text = tokens.map((token) => token.text).join('').trim();
  const [first, last] = [timed[0], timed.at(-1)];
  if (text === '' || first === undefined || last === undefined) return undefined;
  const known = tokens.map(({ p }) => p).filter((p): p is number => p !== null && p > 0 && p <= 1);
  const start = first.from / 1000;
  const word = { start, end: Math.max(start, last.to / 1000), text };
  // The geometric mean: what the model gave to the word as a whole, brought to one token.
  return known.length === 0 ? word : { ...word, probability: Math.exp(known.reduce((sum, p) => sum + Math.log(p), 0) / known.length) };
}

/** The words of a segment: tokens up to the next one that starts with a blank. Marks that follow a word belong to it. */
export function wordsOf(tokens: readonly CliToken[], vocabulary: number, language: string): readonly Word[] {
  const spoken = tokens.filter(({ id }) => id < firstSpecial(vocabulary));
  const groups: CliToken[][] = [];
  for (const token of spoken) {
    const current = groups.at(-1);
    const mark = /^[\p{P}\p{M}]+$/u.test(token.text);
    const begins = token.text.startsWith(' ') || (withoutBlanks.has(language) && !mark);
    if (current === undefined || begins) groups.push([token]);
    else current.push(token);
  }
  return groups.map(joined).filter((word) => word !== undefined);
}

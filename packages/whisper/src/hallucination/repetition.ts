import { deflateSync } from 'node:zlib';

/** Bytes of the text in UTF-8 by its bytes when deflated, as OpenAI's `compression_ratio` has it; 0 for none. */
export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text.trim());
  return bytes.length === 0 ? 0 : bytes.length / deflateSync(bytes).length;
}

/** Longest run of words that is looked for. */
const longestRun = 8;

/** Words without case and punctuation; where a language has no blanks, its characters. */
export function wordsOf(text: string): readonly string[] {
  const bare = text.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}\s]+/gu, '').trim();
  if (bare === '') return [];
  const words = bare.split(/\s+/);
  return words.length === 1 && /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}/u.test(bare) ? Array.from(bare) : words;
}

/** How often, at the most, the same one to eight words follow each other at once: 1 where nothing does. */
export function longestRepetition(words: readonly string[]): number {
  let most = words.length === 0 ? 0 : 1;
  for (let length = 1; length <= Math.min(longestRun, Math.floor(words.length / 2)); length += 1) {
    // A run of n words that equal those `length` before them is n / length repetitions more.
    let equal = 0;
    for (let index = length; index < words.length; index += 1) {
      equal = words[index] === words[index - length] ? equal + 1 : 0;
      most = Math.max(most, 1 + Math.floor(equal / length));
    }
  }
  return most;
}

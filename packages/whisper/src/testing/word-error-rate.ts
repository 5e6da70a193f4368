/** Words as they are compared: lower case, without punctuation. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** Words that must be put in, taken out or replaced to make `heard` of `said`: Levenshtein's distance over words. */
export function wordErrors(said: readonly string[], heard: readonly string[]): number {
  let row = Array.from({ length: heard.length + 1 }, (_, index) => index);
  for (const [index, word] of said.entries()) {
    const next = [index + 1];
    for (const [at, other] of heard.entries()) {
      next.push(Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (word === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Errors per word that was said, over all pairs together. */
export function wordErrorRate(pairs: readonly { readonly said: string; readonly heard: string }[]): number {
  const said = pairs.reduce((sum, pair) => sum + wordsOf(pair.said).length, 0);
  return pairs.reduce((sum, pair) => sum + wordErrors(wordsOf(pair.said), wordsOf(pair.heard)), 0) / said;
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });
const charactersOf = (text: string): string[] => [...characters.segment(text)].map(({ segment }) => segment);

/** Characters as a reader counts them: a letter with its accents, or a family of emoji, is one. */
export function lengthOf(text: string): number {
  return /^[\u0020-\u007E]*$/.test(text) ? text.length : charactersOf(text).length;
}

/** The text in lines of at most `longest` characters, broken at blanks; a word that is longer is broken within. */
export function wrapText(text: string, longest: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, longest))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || lengthOf(longer) <= longest) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, longest: number): readonly string[] {
  if (lengthOf(word) <= longest) return [word];
  const all = charactersOf(word);
  return Array.from({ length: Math.ceil(all.length / longest) }, (_, index) => all.slice(index * longest, (index + 1) * longest).join(''));
}

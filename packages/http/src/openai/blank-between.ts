/** Writing in which words stand side by side. */
const withoutBlanks = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3000-\u303f\uff00-\uffef]/u;

/** What a client that strings pieces together needs between one that it has and the next: segments come trimmed, but not every language has blanks. */
export function blankBetween(before: string, after: string): '' | ' ' {
  const [last, first] = [Array.from(before.slice(-2)).at(-1) ?? '', Array.from(after.slice(0, 2)).at(0) ?? ''];
  if (last === '' || first === '') return '';
  return withoutBlanks.test(last) || withoutBlanks.test(first) ? '' : ' ';
}

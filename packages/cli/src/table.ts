/** One column of a table. */
export interface Column {
  readonly title: string;
  /** It may be made as narrow as this when the table is too wide; a column without one keeps its width. */
  readonly leastWidth?: number;
}

const gap = '  ';

/** A table with its titles, at most `width` columns wide; what is too long for its column ends with `…`. */
export function tableText(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const titled = [columns.map(({ title }) => title), ...rows];
  const widths = fitted(columns, columns.map((_, index) => Math.max(...titled.map((row) => displayWidth(row[index] ?? '')))), width);
  const lines = titled.map((row) => row.map((cell, index) => padded(shortened(cell, widths[index] ?? 0), widths[index] ?? 0)).join(gap).trimEnd());
  return `${lines.join('\n')}\n`;
}

/** Labels and what belongs to them, in two columns; further lines of a text stand below its first. */
export function labelledLines(rows: readonly (readonly [label: string, text: string])[]): string[] {
  const width = Math.max(...rows.map(([label]) => displayWidth(label)));
  return rows.flatMap(([label, text]) => text.split('\n').map((line, index) => `${padded(index === 0 ? label : '', width)}${gap}${line}`.trimEnd()));
}

/** Takes what is too much from the columns that may be narrower, the first of them first. */
function fitted(columns: readonly Column[], widths: readonly number[], most: number): number[] {
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap.length * (columns.length - 1) - most;
  return columns.map(({ leastWidth }, index) => {
    const width = widths[index] ?? 0;
    const taken = leastWidth === undefined ? 0 : Math.max(0, Math.min(excess, width - leastWidth));
    excess -= taken;
    return width - taken;
  });
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

// Two columns each on a terminal: the scripts of East Asia, their punctuation, and pictures.
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

function widthOf(character: string): number {
  return wide.test(character) ? 2 : 1;
}

/** Columns that the text takes on a terminal. */
export function displayWidth(text: string): number {
  // Most texts are plain, and to look at each character of a long list would take seconds.
  if (/^[ -~]*$/.test(text)) return text.length;
  return [...characters.segment(text)].reduce((sum, { segment }) => sum + widthOf(segment), 0);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

function shortened(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let taken = 1;
  for (const { segment } of characters.segment(text)) {
    taken += widthOf(segment);
    if (taken > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

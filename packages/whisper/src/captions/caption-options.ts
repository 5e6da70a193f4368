/** How captions are written. */
export interface CaptionOptions {
  /** Length of the audio: no caption begins or ends later. Default: times are taken as they are. */
  readonly durationSeconds?: number;
  /** Default `\n`; `\r\n` for old players. */
  readonly lineBreak?: '\n' | '\r\n';
  /** Whether the file begins with one, for players that take UTF-8 for something else without. Default false. */
  readonly byteOrderMark?: boolean;
}

/** How captions with lines of limited length are written. */
export interface WrappedCaptionOptions extends CaptionOptions {
  /** Longest line, in characters as a reader counts them. Longer texts are broken at blanks, and words that are longer still within. Default: one line each. */
  readonly maxLineLength?: number;
  /** Most lines of a caption; with more text it becomes several, one after the other. Used with `maxLineLength`. Default 2. */
  readonly maxLines?: number;
}

/** Gives the text its line breaks and its beginning. */
export function finished(text: string, { lineBreak = '\n', byteOrderMark = false }: CaptionOptions): string {
  const lines = lineBreak === '\n' ? text : text.replaceAll('\n', lineBreak);
  return byteOrderMark ? `\uFEFF${lines}` : lines;
}

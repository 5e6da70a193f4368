/** The last lines of a text that may be endless. */
export interface Tail {
  readonly push: (line: string) => void;
  /** What is kept, each line with its line feed. */
  readonly text: () => string;
}

/** Keeps the last lines whose sizes add up to `maxBytes` at most. */
export function createTail(maxBytes: number): Tail {
  let lines: string[] = [];
  let first = 0;
  let bytes = 0;
  const size = (line: string): number => Buffer.byteLength(line) + 1;
  return {
    push(line) {
      lines.push(line);
      bytes += size(line);
      while (bytes > maxBytes && first < lines.length) bytes -= size(lines[first++] ?? '');
      // Dropping the dead half at once makes the cost of a line constant.
      if (first > 64 && first * 2 > lines.length) {
        lines = lines.slice(first);
        first = 0;
      }
    },
    text: () => lines.slice(first).map((line) => `${line}\n`).join(''),
  };
}

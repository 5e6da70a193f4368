import { MediaJobError } from '@media-jobs/foundation';

/** Reads a file of captions line by line, whatever its line breaks are and whether it begins with a byte order mark. */
export class CaptionLines {
  readonly #lines: readonly string[];
  readonly #format: string;
  #position = 0;

  constructor(text: string, format: string) {
    this.#lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
    this.#format = format;
  }

  next(): string | undefined {
    const line = this.#lines[this.#position];
    if (line !== undefined) this.#position += 1;
    return line;
  }

  /** The next line that is not blank. */
  nextWritten(): string | undefined {
    let line = this.next();
    while (line !== undefined && line.trim() === '') line = this.next();
    return line;
  }

  /** Lines up to a blank one or the end. */
  untilBlank(): readonly string[] {
    const found: string[] = [];
    for (let line = this.next(); line !== undefined && line.trim() !== ''; line = this.next()) found.push(line);
    return found;
  }

  /** An `INVALID_INPUT` about the line that was read last. */
  wrong(expected: string): MediaJobError {
    const got = this.#lines[this.#position - 1] ?? 'the end';
    return new MediaJobError('INVALID_INPUT', {
      message: `Expected ${expected} in line ${this.#position} of the ${this.#format} captions, got ${JSON.stringify(got.slice(0, 80))}.`,
      advice: 'Check that the text is of this format.',
      facts: { line: this.#position },
    });
  }
}

const timePattern = String.raw`(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})`;
const timeLine = new RegExp(String.raw`^\s*${timePattern}\s*-->\s*${timePattern}(?:\s.*)?$`);

/** Times in seconds of a line such as `00:00:01,000 --> 00:00:02,500`; what follows them, such as a position, is passed over. */
export function parseTimeLine(line: string): { readonly start: number; readonly end: number } | undefined {
  const match = timeLine.exec(line);
  if (match === null) return undefined;
  const at = (first: number): number => {
    const [hours, minutes, seconds] = [match[first] ?? '0', match[first + 1], match[first + 2]].map(Number);
    // In milliseconds first: sums of decimal fractions would not come out even.
    return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000 + Number((match[first + 3] ?? '').padEnd(3, '0'));
  };
  return { start: at(1) / 1000, end: at(5) / 1000 };
}

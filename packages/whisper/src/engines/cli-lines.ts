/** What a line on the error output of `whisper-cli` says. */
export type CliNews =
  /** It is about to open this input. */
  | { readonly type: 'reading'; readonly file: string }
  /** It could not make audio of this input. */
  | { readonly type: 'unreadable'; readonly file: string }
  | { readonly type: 'processing'; readonly samples: number }
  | { readonly type: 'progress'; readonly ratio: number }
  | { readonly type: 'language'; readonly language: string; readonly probability: number }
  | { readonly type: 'backend'; readonly name: string };

const patterns: readonly (readonly [RegExp, (match: RegExpExecArray) => CliNews])[] = [
  [/reading audio data from '(.+)' \.\.\.$/, ([, file = '']) => ({ type: 'reading', file })],
  [/^error: failed to read audio file '(.+)'$/, ([, file = '']) => ({ type: 'unreadable', file })],
  [/: processing '.+' \((\d+) samples,/, ([, samples]) => ({ type: 'processing', samples: Number(samples) })],
  // Beyond 100 where it looks at the padding.
  [/progress =\s*(\d+)%/, ([, percent]) => ({ type: 'progress', ratio: Math.min(1, Number(percent) / 100) })],
  [/auto-detected language: (\w+) \(p = ([\d.]+)\)/, ([, language = '', probability]) => ({ type: 'language', language, probability: Math.min(1, Number(probability)) })],
  [/using (\w+) backend/, ([, name = '']) => ({ type: 'backend', name })],
];

/** Reads one line; undefined when it says nothing of interest. */
export function readCliLine(line: string): CliNews | undefined {
  for (const [pattern, read] of patterns) {
    const match = pattern.exec(line);
    if (match !== null) return read(match);
  }
  return undefined;
}

/** A segment as it is printed while it is found. */
export interface PrintedSegment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const printed = /^\[(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})\] {2}(.*)$/;

/** Reads one line of the standard output; undefined when it is no segment. */
export function readPrintedSegment(line: string): PrintedSegment | undefined {
  const match = printed.exec(line);
  if (match === null) return undefined;
  const [h1 = 0, m1 = 0, s1 = 0, ms1 = 0, h2 = 0, m2 = 0, s2 = 0, ms2 = 0] = match.slice(1, 9).map(Number);
  return { start: h1 * 3600 + m1 * 60 + s1 + ms1 / 1000, end: h2 * 3600 + m2 * 60 + s2 + ms2 / 1000, text: match[9] ?? '' };
}

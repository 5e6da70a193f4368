import { describe, expect, it } from 'vitest';
import { createLineSplitter, maxLineBytes } from './line-splitter.ts';

function split(...chunks: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
  splitter.end();
  return lines;
}

describe('a line splitter', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['ends a line at LF', ['a\nb\n'], ['a', 'b']],
    ['ends a line at CR LF', ['a\r\nb\r\n'], ['a', 'b']],
    ['ends a line at CR alone, as progress bars do', ['10%\r20%\rdone\n'], ['10%', '20%', 'done']],
    ['takes CR LF for one end across chunks', ['a\r', '\nb'], ['a', 'b']],
    ['takes CR, then a line, across chunks for two', ['a\r', 'b'], ['a', 'b']],
    ['keeps empty lines', ['a\n\nb\n'], ['a', '', 'b']],
    ['keeps empty lines of CR LF', ['\r\n\r\n'], ['', '']],
    ['gives a last line without an end', ['a\nb'], ['a', 'b']],
    ['gives nothing for nothing', ['', ''], []],
    ['puts halves together', ['on', 'e\ntw', 'o'], ['one', 'two']],
  ])('%s', (_title, chunks, lines) => {
    expect(split(...chunks)).toEqual(lines);
  });

  it('gives the same lines wherever the chunks are cut', () => {
    const text = 'a\r\nbb\rccc\n\ndé\r\r\nend';
    const whole = split(text);
    const bytes = Buffer.from(text);
    for (let i = 0; i <= bytes.length; i += 1) {
      for (let j = i; j <= bytes.length; j += 1) expect(split(bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j))).toEqual(whole);
    }
  });

  it('cuts a long line, whatever its chunks, and goes on with the next', () => {
    const chunks = Array.from({ length: 1000 }, () => 'x'.repeat(1000));
    const lines = split(...chunks, '\nnext\n');
    expect(lines.map(({ length }) => length)).toEqual([maxLineBytes, 4]);
  });

  it('replaces what is no UTF-8', () => {
    expect(split(Uint8Array.of(0x61, 0xff, 0x62, 0x0a))).toEqual(['a\u{fffd}b']);
  });
});

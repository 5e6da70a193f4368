import { expect, test } from 'vitest';
import { parseJson, parseLrc, parseSrt, parseTsv, parseTxt, parseVtt, toSrt, toVtt } from '@media-jobs/whisper';

test('SubRip of others is read: points for commas, no numbers, no hours, settings, old line breaks, a byte order mark', () => {
  const text = '\uFEFF1\r\n00:01.5 --> 00:02,250 X1:10 X2:20\r\nHello\r\n- world\r\n\r\n\r\n0:00:03,000 --> 0:00:04,000\r\nagain';
  expect(parseSrt(text)).toEqual([{ start: 1.5, end: 2.25, text: 'Hello\n- world' }, { start: 3, end: 4, text: 'again' }]);
});

test('WebVTT of others is read: header lines, notes, styles, names, settings, tags and character references', () => {
  const text = 'WEBVTT - title\nKind: captions\n\nNOTE a note\nof two lines\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Bob>R&amp;D &#x263A;&#33;</v> <00:00:01.500><i>x</i>&nbsp;&unknown;\n';
  expect(parseVtt(text)).toEqual([{ start: 1, end: 2, text: 'R&D ☺! x\u00A0&unknown;' }]);
});

test('lyrics of others are read: tags about the song, several times for a line, an empty line as an end', () => {
  expect(parseLrc('[ar:Somebody]\n[00:03.00][00:01.0]la\n[00:04.50]\n')).toEqual([{ start: 1, end: 3, text: 'la' }, { start: 3, end: 4.5, text: 'la' }]);
});

test('of nothing comes nothing', () => {
  expect([parseSrt(''), parseVtt('WEBVTT\n'), parseTxt(''), parseTsv('start\tend\ttext\n'), parseLrc('')]).toEqual([[], [], [], [], []]);
});

test.each([
  ['SubRip', () => parseSrt('1\n00:00:01,000 --> 00:00:02,000\na\n\nnonsense\n'), 5],
  ['WebVTT', () => parseVtt('1\n00:00:01.000 --> 00:00:02.000\n'), 1],
  ['WebVTT', () => parseVtt('WEBVTT\n\nname\nno times\n'), 4],
  ['tab-separated', () => parseTsv('start\tend\ttext\n1\tx\ty\n'), 2],
  ['LRC', () => parseLrc('[00:01.00]a\nb\n'), 2],
])('%s that is none is refused with its line', (format, parse, line) => {
  expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`line ${line} of the ${format}`) as string, facts: { line } }));
});

test.each(['', '{', '[]', '{"text":1}'])('JSON that is no transcript is refused: %j', (text) => {
  expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

test('long lines are broken at blanks, into captions of two lines, which share the time by their characters', () => {
  const segments = [{ start: 0, end: 4, text: 'one two three four five six seven eight' }];
  expect(toSrt(segments, { maxLineLength: 20 }).split('\n').slice(2, 4)).toEqual(['one two three four', 'five six seven eight']);
  expect(toVtt([{ start: 0, end: 4, text: 'aaaa bbbb cccc dddd' }], { maxLineLength: 4, maxLines: 1 })).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.000\naaaa\n\n00:00:01.000 --> 00:00:02.000\nbbbb\n\n00:00:02.000 --> 00:00:03.000\ncccc\n\n00:00:03.000 --> 00:00:04.000\ndddd\n');
});

test('a length that is none is refused', () => {
  expect(() => toSrt([{ start: 0, end: 1, text: 'a' }], { maxLineLength: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test('line breaks and a byte order mark are written where a player needs them', () => {
  expect(toSrt([{ start: 0, end: 1, text: 'a' }], { lineBreak: '\r\n', byteOrderMark: true })).toBe('\uFEFF1\r\n00:00:00,000 --> 00:00:01,000\r\na\r\n');
});

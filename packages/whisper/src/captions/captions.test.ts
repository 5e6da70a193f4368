import { expect, test } from 'vitest';
import { toJson, toLrc, toSrt, toTsv, toTxt, toVtt, type CaptionSegment } from '@media-jobs/whisper';
import { toCues } from './cues.ts';

const two: readonly CaptionSegment[] = [{ start: 0, end: 2.2, text: 'hello world' }, { start: 3661.5, end: 3662.25, text: 'media job done' }];

test('SubRip has numbers, commas before the milliseconds, and a blank line between captions', () => {
  expect(toSrt(two)).toBe('1\n00:00:00,000 --> 00:00:02,200\nhello world\n\n2\n01:01:01,500 --> 01:01:02,250\nmedia job done\n');
});

test('WebVTT has its first line and points before the milliseconds', () => {
  expect(toVtt(two)).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:02.200\nhello world\n\n01:01:01.500 --> 01:01:02.250\nmedia job done\n');
});

test('text, tab-separated values and lyrics have a line for each segment', () => {
  expect(toTxt(two)).toBe('hello world\nmedia job done\n');
  expect(toTsv(two)).toBe('start\tend\ttext\n0\t2200\thello world\n3661500\t3662250\tmedia job done\n');
  expect(toLrc(two)).toBe('[00:00.00]hello world\n[61:01.50]media job done\n');
});

test('an empty list gives a valid file of each kind', () => {
  expect([toSrt([]), toVtt([]), toTxt([]), toTsv([]), toLrc([])]).toEqual(['', 'WEBVTT\n', '', 'start\tend\ttext\n', '']);
});

test('what WebVTT would take for markup or for times is escaped', () => {
  expect(toVtt([{ start: 0, end: 1, text: 'R&D <b>a --> b</b>' }])).toContain('\nR&amp;D &lt;b&gt;a --&gt; b&lt;/b&gt;\n');
});

test('SubRip, which has no escape, never shows an arrow of times inside a text', () => {
  expect(toSrt([{ start: 0, end: 1, text: 'a --> b' }])).toBe('1\n00:00:00,000 --> 00:00:01,000\na → b\n');
});

test('line breaks, tabs and control characters inside a text cannot end its caption', () => {
  const text = ' one\n\ntwo\tthree\r\n\u2028four\u0000 ';
  for (const format of [toSrt, toVtt, toTxt, toTsv, toLrc]) expect(format([{ start: 0, end: 1, text }])).toContain('one two three four\n');
});

test('captions never overlap, run backwards or come out of order', () => {
  const cues = toCues([{ start: 5, end: 9, text: 'c' }, { start: 0, end: 6, text: 'a' }, { start: 3, end: 2, text: 'b' }]);
  expect(cues).toEqual([{ startMs: 0, endMs: 3000, text: 'a' }, { startMs: 3000, endMs: 3001, text: 'b' }, { startMs: 5000, endMs: 9000, text: 'c' }]);
});

test('what starts in the same millisecond becomes one caption, so that no text is lost', () => {
  expect(toCues([{ start: 1, end: 1, text: 'a' }, { start: 1.0004, end: 2, text: 'b' }])).toEqual([{ startMs: 1000, endMs: 2000, text: 'a b' }]);
});

test('segments without a word make no caption', () => {
  expect(toCues([{ start: 0, end: 1, text: ' \n ' }])).toEqual([]);
});

test('times round to milliseconds without a carry of their own', () => {
  expect(toSrt([{ start: 59.9996, end: 3599.9999, text: 'a' }])).toContain('00:01:00,000 --> 01:00:00,000');
});

test('ten hours need no more than two digits, a hundred get three', () => {
  expect(toVtt([{ start: 36_000, end: 360_000, text: 'a' }])).toContain('10:00:00.000 --> 100:00:00.000');
});

test('JSON keeps the exact numbers and leaves out what is not known', () => {
  const json = toJson({ text: 'hello', language: 'en', durationSeconds: 1.25, segments: [{ start: 0.1, end: 0.30000000000000004, text: 'hello' }] });
  expect(JSON.parse(json)).toEqual({ text: 'hello', language: 'en', durationSeconds: 1.25, segments: [{ start: 0.1, end: 0.30000000000000004, text: 'hello' }] });
  expect(json.endsWith('}\n')).toBe(true);
});

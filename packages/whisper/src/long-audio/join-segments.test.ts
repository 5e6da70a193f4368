import type { Segment } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { joinAtCut } from './join-segments.ts';

const seam = { cut: 100, overlap: 1 };

const text = (segments: readonly Segment[]): string => segments.map((segment) => segment.text).join('');

/** A segment whose words are a second long each. */
function said(start: number, words: string, timed = false): Segment {
  const list = words.trim().split(' ');
  const times = list.map((word, index) => ({ start: start + index * 0.5, end: start + (index + 1) * 0.5, text: ` ${word}` }));
  return { start, end: start + list.length * 0.5, text: words, ...(timed ? { words: times } : {}) };
}

function joined(before: readonly Segment[], after: readonly Segment[]): string {
  const both = joinAtCut(before, after, seam);
  return text([...both.before, ...both.after]);
}

test.each([false, true])('what both sides have heard is there once (times of words: %s)', (timed) => {
  expect(joined([said(97, ' zero one two three four five six seven', timed)], [said(99.1, ' four five six seven eight nine', timed)])).toBe(' zero one two three four five six seven eight nine');
});

test('a word that was cut off on one side is taken from the other', () => {
  expect(joined([said(99, ' two three fo')], [said(99.2, ' ree four five')])).toBe(' two three four five');
  expect(joined([said(98.5, ' one two thr')], [said(99.1, ' two three four')])).toBe(' one two three four');
});

test('without a common word each side keeps what lies on its side', () => {
  expect(joined([said(98.5, ' one two three four five')], [said(99, ' six seven eight nine zero')])).toBe(' one two three eight nine zero');
});

test('the same word said again beyond the seam stays', () => {
  expect(joined([said(90, ' four'), said(98, ' one two three')], [said(101, ' four five')])).toBe(' four one two three four five');
  expect(joined([said(99, ' four')], [said(100.8, ' four')])).toBe(' four four');
});

test('segments far from the cut are left as they are, and emptied ones go', () => {
  const [early, late] = [said(10, ' hello world'), said(150, ' job done')];
  const both = joinAtCut([early, said(99, ' one two')], [said(99, ' one two'), late], seam);
  expect([both.before[0], both.after.at(-1)]).toEqual([early, late]);
  expect(text([...both.before, ...both.after])).toBe(' hello world one two job done');
  expect(joinAtCut([said(99, ' one')], [said(99, ' one'), late], seam)).toEqual({ before: [said(99, ' one')], after: [late] });
});

test('what is cut out of a segment keeps its words and times, and its punctuation', () => {
  const { before, after } = joinAtCut([said(99, ' One, two. Three?', true)], [said(100, ' two. Three? Four!', true)], seam);
  expect(text([...before, ...after])).toBe(' One, two. Three? Four!');
  expect(after).toMatchObject([{ start: 100.5, end: 101.5, text: ' Three? Four!', words: [{ text: ' Three?' }, { text: ' Four!' }] }]);
});

test('a language that is written without blanks is joined without them', () => {
  expect(joined([{ start: 99, end: 101, text: '今天天气' }], [{ start: 99.5, end: 103, text: '天气很好' }])).toBe('今天天气很好');
});

test('nothing on one side or on both is no trouble', () => {
  expect(joinAtCut([], [], seam)).toEqual({ before: [], after: [] });
  expect(joined([said(99, ' one')], [])).toBe(' one');
});

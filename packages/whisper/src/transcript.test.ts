import type { EngineResult, Segment } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { checkSegments, clampSegment } from './transcript.ts';

const heard = (...segments: readonly Segment[]): EngineResult => ({ segments, language: 'en', warnings: [] });

test('times are held within the audio and never run backwards', () => {
  expect(clampSegment({ start: -1, end: 4, text: 'a' }, 3)).toEqual({ start: 0, end: 3, text: 'a' });
  expect(clampSegment({ start: 2, end: 1, text: 'a' }, 3)).toEqual({ start: 2, end: 2, text: 'a' });
  expect(clampSegment({ start: 3.2, end: 30, text: 'a' }, 3)).toEqual({ start: 3, end: 3, text: 'a' });
});

test('text joins as the engine wrote it: blanks stand only where the language has them', () => {
  expect(checkSegments(heard({ start: 0, end: 1, text: ' Hello' }, { start: 1, end: 2, text: ' world.' }), 2).text).toBe('Hello world.');
  expect(checkSegments(heard({ start: 0, end: 1, text: '你好' }, { start: 1, end: 2, text: '世界' }), 2).text).toBe('你好世界');
});

test('segments without a word are left out in silence', () => {
  expect(checkSegments(heard({ start: 0, end: 1, text: ' \u0000\n' }), 2)).toEqual({ text: '', segments: [], warnings: [] });
});

test('words that were heard in the padding behind the audio are left out with a warning', () => {
  const checked = checkSegments(heard({ start: 0, end: 1, text: ' yes' }, { start: 8, end: 9, text: ' Thank you.' }), 2);
  expect(checked).toEqual({ text: 'yes', segments: [{ start: 0, end: 1, text: 'yes' }], warnings: ['Left out 1 segment beyond the end of the audio.'] });
});

test('segments come out in the order of time', () => {
  expect(checkSegments(heard({ start: 5, end: 6, text: 'b' }, { start: 1, end: 2, text: 'a' }), 9).segments.map(({ text }) => text)).toEqual(['a', 'b']);
});

import { expect, test } from 'vitest';
import { blankBetween } from './blank-between.ts';

test.each([
  ['words of a language with blanks are kept apart', 'media job done.', 'start video', ' '],
  ['so are those of Korean', '안녕하세요', '여러분', ' '],
  ['signs of Chinese stand side by side', '你好。', '再见', ''],
  ['so do those of Japanese', 'こんにちは', '世界', ''],
  ['and those of Thai', 'สวัสดี', 'ครับ', ''],
  ['before the first there is nothing', '', 'hello', ''],
])('%s', (_what, before, after, between) => expect(blankBetween(before, after)).toBe(between));

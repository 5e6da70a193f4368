import { expect, test } from 'vitest';
import { findLanguage, languages } from '@media-jobs/whisper';
import { chooseLanguage, wantsTranslation } from './choose-language.ts';
import type { CheckedModel } from './model/model-info.ts';

const english: CheckedModel = { file: '/m', bytes: 1, stamp: '', type: 'base', multilingual: false, languages: 1, audioContext: 1500, parametersMillions: 74 };
const multilingual: CheckedModel = { ...english, multilingual: true, languages: 99 };

test('the table holds the hundred languages of Whisper once each', () => {
  expect(languages).toHaveLength(100);
  expect(new Set(languages.map(({ code }) => code)).size).toBe(100);
  expect(new Set(languages.map(({ name }) => name)).size).toBe(100);
  expect([languages[0], languages[98], languages[99]]).toEqual([{ code: 'en', name: 'english' }, { code: 'su', name: 'sundanese' }, { code: 'yue', name: 'cantonese' }]);
});

test.each([
  ['en', 'en'], ['EN', 'en'], [' de ', 'de'], ['de-AT', 'de'], ['pt_BR', 'pt'], ['German', 'de'], ['haitian creole', 'ht'],
  ['jv', 'jw'], ['iw', 'he'], ['nb-NO', 'no'], ['zh-yue', 'yue'], ['haw', 'haw'], ['Castilian', 'es'], ['mandarin', 'zh'], ['Flemish', 'nl'], ['mo', 'ro'],
])('%s is understood as %s', (text, code) => {
  expect(findLanguage(text)?.code).toBe(code);
});

test.each(['', 'xx', 'klingon', 'e', '-', 'auto'])('%j is no language', (text) => {
  expect(findLanguage(text)).toBeUndefined();
});

test('auto means en on an English-only model, and stays auto on a multilingual one', () => {
  expect(chooseLanguage('auto', false, english)).toBe('en');
  expect(chooseLanguage('auto', true, multilingual)).toBe('auto');
});

test.each([
  ['another language of an English-only model', 'de', false, english, /german/],
  ['translation by an English-only model', 'auto', true, english, /translate/],
  ['a language that nobody knows', 'klingon', false, multilingual, /'klingon'/],
  ['Cantonese of a model before large-v3', 'yue', false, multilingual, /cantonese/],
] as const)('%s is refused by name, with advice', (_case, language, translate, model, message) => {
  expect(() => chooseLanguage(language, translate, model)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_LANGUAGE', message: expect.stringMatching(message) as string, advice: expect.stringMatching(/./) as string }));
});

test('English is the only target of a translation; any other is refused by name', () => {
  expect([undefined, false, true, 'en', 'English', 'en-GB'].map((target) => wantsTranslation(target))).toEqual([false, false, true, true, true, true]);
  for (const target of ['de', 'klingon', '']) expect(() => wantsTranslation(target)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_LANGUAGE', message: expect.stringContaining(`'${target}'`) as string }));
});

test('Cantonese is there in a model of the large-v3 generation', () => {
  expect(chooseLanguage('cantonese', false, { ...multilingual, languages: 100 })).toBe('yue');
});

import type { Segment } from '@media-jobs/core';
import { expect, test } from 'vitest';
import { hallucinationThresholds } from '@media-jobs/whisper';
import { averageLogProbability, isLikely, judgeSegments, type HallucinationCheck } from './judge-segments.ts';

const segment = (text: string, more: Partial<Segment> = {}): Segment => ({ start: 0, end: 2, text, ...more });
const judge = (segments: readonly Segment[], peak: number | null = -10): (readonly HallucinationCheck[])[] =>
  judgeSegments(segments, { thresholds: hallucinationThresholds, peakDb: () => peak }).map(({ flags = [] }) => flags.map(({ check }) => check));

test('what people say carries no flag', () => {
  const said = ['No, no, no, that is not what I meant.', 'Ha ha ha!', 'The quick brown fox jumps over the lazy dog, and then it does so once more, because it can.', 'Es war sehr, sehr, sehr kalt.', '今日はいい天気ですね。', 'one two three four five six seven eight nine ten'];
  expect(judge(said.map((text) => segment(text)))).toEqual(said.map(() => []));
});

test.each([
  ['one word', 'thank you. Thank you! THANK YOU, thank you'],
  ['a phrase', 'and then we go and then we go and then we go and then we go home'],
  ['eight words', Array.from({ length: 4 }, () => 'a b c d e f g h').join(' ')],
  ['characters of a language without blanks', 'ご視聴ご視聴ご視聴ご視聴'],
])('a loop of %s is found', (_what, text) => {
  expect(judge([segment(text)])[0]).toContain('repeated-words');
});

test('a long text that says little is found by how well it packs', () => {
  const text = Array.from({ length: 30 }, (_, index) => `so we are ${index % 2 === 0 ? 'here' : 'there'} and`).join(' ');
  const [flagged] = judgeSegments([segment(text)], { thresholds: hallucinationThresholds, peakDb: () => null });
  expect(flagged?.flags).toContainEqual({ check: 'compression-ratio', value: expect.any(Number) as number, threshold: 2.4 });
});

test('of segments in a row that say the same, all but the first are doubted', () => {
  const rows = ['Hello.', 'Thanks for watching!', 'thanks for watching', ' Thanks for watching. ', 'Bye.', 'Yes.', 'Yes.'].map((text) => segment(text));
  expect(judge(rows)).toEqual([[], [], ['repeated-segments'], ['repeated-segments'], [], [], []]);
});

test('a segment that the model itself held for no speech is doubted, unless it was sure of the words', () => {
  expect(judge([segment('a', { noSpeechProbability: 0.7, averageLogProbability: -1.2 })])).toEqual([['no-speech', 'low-probability']]);
  expect(judge([segment('a', { noSpeechProbability: 0.7, averageLogProbability: -0.3 })])).toEqual([[]]);
  expect(judge([segment('a', { noSpeechProbability: 0.7 })])).toEqual([['no-speech']]);
  expect(judge([segment('a', { noSpeechProbability: 0.5, averageLogProbability: -1.2 })])).toEqual([['low-probability']]);
});

test('words where nothing can be heard are doubted; where it was not measured, they are not', () => {
  expect([judge([segment('a')], -61), judge([segment('a')], -Infinity), judge([segment('a')], -59), judge([segment('a')], null)]).toEqual([[['silence']], [['silence']], [[]], [[]]]);
});

test('thresholds are where they are said to be, not beside', () => {
  const { averageLogProbability: least } = hallucinationThresholds;
  expect([judge([segment('a', { averageLogProbability: least })]), judge([segment('a', { averageLogProbability: least - 0.001 })])]).toEqual([[[]], [['low-probability']]]);
  expect([judge([segment('a a a')]), judge([segment('a a a a')])]).toEqual([[[]], [['repeated-words']]]);
  expect(hallucinationThresholds).toMatchObject({ compressionRatio: 2.4, averageLogProbability: -1, noSpeechProbability: 0.6 });
});

test('the probability of a segment comes from the engine, else from its words, else from nowhere', () => {
  const words = [{ start: 0, end: 1, text: 'a', probability: 1 }, { start: 1, end: 2, text: 'b', probability: Math.exp(-4) }];
  expect([averageLogProbability(segment('a', { averageLogProbability: -0.5, words })), averageLogProbability(segment('a', { words })), averageLogProbability(segment('a'))]).toEqual([-0.5, -2, null]);
  expect(averageLogProbability(segment('a', { words: [{ start: 0, end: 1, text: 'a', probability: 0 }] }))).toBeGreaterThan(-Infinity);
});

test('a low probability alone makes nothing likely', () => {
  const flag = { value: -2, threshold: -1 };
  expect([isLikely([]), isLikely([{ check: 'low-probability', ...flag }]), isLikely([{ check: 'low-probability', ...flag }, { check: 'silence', value: -70, threshold: -60 }])]).toEqual([false, false, true]);
});

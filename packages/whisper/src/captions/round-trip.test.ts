import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson, parseLrc, parseSrt, parseTsv, parseTxt, parseVtt, toJson, toLrc, toSrt, toTsv, toTxt, toVtt, type CaptionSegment, type WrappedCaptionOptions } from '@media-jobs/whisper';
import { oneLine, toCues, type Cue } from './cues.ts';

/** What formats give a meaning, or what ends a line, a caption or a file in one of them. */
const tricky = [
  '-->', '&', '&amp;', '&lt;', '<', '>', '<b>', '</i>', '<00:00:01.000>', '\r\n', '\n\n', '\t', '\uFEFF', '\u2028', '\u0000', '\u202E', '\u2067שלום\u2069', 'مرحبا', '字幕', '👩‍👩‍👧', 'é', '1', '2\n', 'WEBVTT', 'NOTE', 'STYLE',
  '00:00:01,000 --> 00:00:02,000', '[00:01.00]', '[ar:x]', 'start\tend\ttext', '{\\an8}', ' ', '\u00A0', '\u200B',
];
const text = fc.array(fc.oneof(fc.constantFrom(...tricky), fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 6 }).map((parts) => parts.join(' '));
// Up to 150 hours; some run backwards, overlap, or begin together.
const seconds = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.double({ min: 0, max: 540_000, noNaN: true }));
const segments: fc.Arbitrary<CaptionSegment[]> = fc.array(fc.record({ start: seconds, end: seconds, text }), { maxLength: 8 });
const options: fc.Arbitrary<WrappedCaptionOptions> = fc.record({ lineBreak: fc.constantFrom('\n' as const, '\r\n' as const), byteOrderMark: fc.boolean(), durationSeconds: fc.double({ min: 0.01, max: 540_000, noNaN: true }) }, { requiredKeys: [] });

const exact = (cues: readonly Cue[], change = (words: string): string => words): CaptionSegment[] => cues.map(({ startMs, endMs, text: words }) => ({ start: startMs / 1000, end: endMs / 1000, text: change(words) }));
const runs = { numRuns: 300 };
/** Thirteen milliseconds for nine captions of unlike lengths, the shares of two of which round to the same one. */
const hardlyTimeEnough: CaptionSegment[] = [{ start: 0, end: 0, text: '<00:00:01.000>' }, { start: 0, end: 1, text: '! !\u1AEC' }, { start: 0.0125, end: 0, text: '!' }];

test('SubRip comes back as it was written, arrows of times apart, which it has no escape for', () => {
  fc.assert(fc.property(segments, options, (given, how) => {
    expect(parseSrt(toSrt(given, how))).toEqual(exact(toCues(given, how), (words) => words.replaceAll('-->', '→')));
  }), runs);
});

test('WebVTT comes back as it was written', () => {
  fc.assert(fc.property(segments, options, (given, how) => {
    expect(parseVtt(toVtt(given, how))).toEqual(exact(toCues(given, how)));
  }), runs);
});

test('tab-separated values and plain text come back as they were written', () => {
  fc.assert(fc.property(segments, options, (given, how) => {
    expect(parseTsv(toTsv(given, how))).toEqual(exact(toCues(given, how)));
    expect(parseTxt(toTxt(given, how))).toEqual(toCues(given, how).map((cue) => cue.text));
  }), runs);
});

test('lyrics come back with their starts to the hundredth and their words', () => {
  fc.assert(fc.property(segments, options, (given, how) => {
    expect(parseLrc(toLrc(given, how)).map(({ start, text: words }) => [start, words])).toEqual(toCues(given, how).map(({ startMs, text: words }) => [Math.floor(startMs / 10) / 100, words]));
  }), runs);
});

test('JSON comes back to the last bit, words and all', () => {
  fc.assert(fc.property(segments, fc.string({ unit: 'binary' }), fc.double({ min: 0, max: 1, noNaN: true }), (given, all, languageProbability) => {
    const document = { text: all, language: 'en', languageProbability, durationSeconds: 12.5, segments: given.map((segment) => ({ ...segment, words: [{ start: 0, end: 0.1, text: all, probability: 0.5 }] })) };
    expect(parseJson(toJson(document))).toEqual(document);
  }), runs);
});

test('lines of limited length keep to it, lose no character, and captions stay in order and apart', () => {
  fc.assert(fc.property(segments, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 3 }), (given, maxLineLength, maxLines) => {
    const cues = toCues(given, { maxLineLength, maxLines });
    const bare = (words: string): string => words.replaceAll(/\s/g, '');
    const joinedText = cues.map((cue) => bare(cue.text)).join('');
    expect(joinedText).toBe(toCues(given).map((cue) => bare(cue.text)).join(''));
    for (const [index, cue] of cues.entries()) {
      expect(cue.endMs).toBeGreaterThan(cue.startMs);
      expect(cue.startMs).toBeGreaterThanOrEqual(cues[index - 1]?.endMs ?? 0);
      for (const line of cue.text.split('\n')) expect([...new Intl.Segmenter('en').segment(line)].length).toBeLessThanOrEqual(maxLineLength);
    }
    expect(parseSrt(toSrt(given, { maxLineLength, maxLines }))).toEqual(exact(cues, (words) => words.replaceAll('-->', '→')));
    expect(parseVtt(toVtt(given, { maxLineLength, maxLines }))).toEqual(exact(cues));
  }), { ...runs, examples: [[hardlyTimeEnough, 2, 1]] });
});

test('no caption begins or ends after the audio', () => {
  fc.assert(fc.property(segments, fc.double({ min: 0.01, max: 600, noNaN: true }), (given, durationSeconds) => {
    const cues = toCues(given, { durationSeconds });
    for (const { endMs } of cues) expect(endMs).toBeLessThanOrEqual(Math.max(1, Math.round(durationSeconds * 1000)));
    expect(cues.map((cue) => cue.text).join(' ').length).toBe(toCues(given).map((cue) => cue.text).join(' ').length);
    expect(oneLine('a\n b')).toBe('a b');
  }), runs);
});

import { expect, test } from 'vitest';
import { readCliLine, readPrintedSegment } from './cli-lines.ts';
import { mend, readCliResult } from './cli-result.ts';
import { wordsOf } from './cli-words.ts';

const token = (text: string, from: number, to: number, p: number | string = 0.5, id = 1): string => `{ "text": ${JSON.stringify(text)}, "offsets": { "from": ${from}, "to": ${to} }, "id": ${id}, "p": ${p}, "t_dtw": -1 }`;
const json = (segments: string): Uint8Array => Buffer.from(`{ "systeminfo": "x", "model": { "vocab": 51864 }, "result": { "language": "en" }, "transcription": [${segments}] }`);
const segment = (from: number, to: number, text: string, ...tokens: readonly string[]): string => `{ "offsets": { "from": ${from}, "to": ${to} }, "text": ${JSON.stringify(text)}, "tokens": [${tokens.join()}] }`;

test('a transcript has segments in seconds, and words that are tokens up to the next blank, without special ones', () => {
  const tokens = [token('[_BEG_]', 0, 0, 0.9, 50_363), token(' hel', 0, 200, 0.81), token('lo', 200, 400, 0.64), token(',', 400, 410, 0.9), token(' world', 500, 900, 0.25), token('[_TT_50]', 900, 900, 0.1, 50_413)];
  const { segments, language } = readCliResult(json(segment(0, 1000, ' hello, world', ...tokens)), 2);
  expect(language).toBe('en');
  expect(segments).toEqual([{ start: 0, end: 1, text: ' hello, world', words: [{ start: 0, end: 0.41, text: 'hello,', probability: expect.closeTo(0.776, 2) as number }, { start: 0.5, end: 0.9, text: 'world', probability: expect.closeTo(0.25, 5) as number }] }]);
});

test('each token is a word where the language has no blanks, and marks belong to the word before', () => {
  const tokens = ['你好', '世界', '。'].map((text, index) => ({ text, id: 1, p: 0.5, offsets: { from: index * 100, to: index * 100 + 100 } }));
  expect(wordsOf(tokens, 51_865, 'zh').map(({ text }) => text)).toEqual(['你好', '世界。']);
  expect(wordsOf(tokens, 51_865, 'en').map(({ text }) => text)).toEqual(['你好世界。']);
});

test('what the writer leaves in its texts is mended: control characters, halves of characters, numbers that are none', () => {
  const raw = Buffer.concat([Buffer.from('{ "a": "x\u0001\ny \\" nan", "p": nan, "q": -inf, "b": "'), Buffer.from([0xe4, 0xbd]), Buffer.from('" }')]);
  expect(JSON.parse(mend(raw))).toEqual({ a: 'x\u0001\ny " nan', p: null, q: null, b: '\ufffd' });
  expect(readCliResult(json(segment(0, 100, ' a', token(' a', 0, 100, 'nan'))), 1).segments[0]?.words).toEqual([{ start: 0, end: 0.1, text: 'a' }]);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['half a file', json(segment(0, 100, ' a')).subarray(0, 100)],
  ['another shape', Buffer.from('{ "transcription": "text" }')],
  ['times that run backwards', json(segment(900, 100, ' a'))],
  ['times far beyond the audio', json(segment(600_000, 600_100, ' a'))],
])('%s is an error, never an empty transcript', (_what, bytes) => {
  expect(() => readCliResult(bytes, 3)).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
});

test('lines on the error output are read as they stand in whisper.cpp 1.9.1', () => {
  expect(readCliLine("read_audio_data: reading audio data from '/tmp/a b/gate-0' ...")).toEqual({ type: 'reading', file: '/tmp/a b/gate-0' });
  expect(readCliLine("error: failed to read audio file '/tmp/gate-0'")).toEqual({ type: 'unreadable', file: '/tmp/gate-0' });
  expect(readCliLine("main: processing '/tmp/slot-0' (48000 samples, 3.0 sec), 2 threads, 1 processors, 1 beams + best of 5, lang = en")).toEqual({ type: 'processing', samples: 48_000 });
  expect(readCliLine('whisper_print_progress_callback: progress = 130%')).toEqual({ type: 'progress', ratio: 1 });
  expect(readCliLine('whisper_full_with_state: auto-detected language: de (p = 0.981234)')).toEqual({ type: 'language', language: 'de', probability: 0.981234 });
  expect(readCliLine('whisper_backend_init_gpu: using CUDA0 backend')).toEqual({ type: 'backend', name: 'CUDA0' });
  expect(readCliLine('whisper_model_load: n_mels = 80')).toBeUndefined();
});

test('a printed segment is read with its times, and a text that looks like one is not', () => {
  expect(readPrintedSegment('[00:00:01.500 --> 01:00:02.000]   two')).toEqual({ start: 1.5, end: 3602, text: ' two' });
  expect(readPrintedSegment(' [00:00:01.500 --> 01:00:02.000]   two')).toBeUndefined();
});

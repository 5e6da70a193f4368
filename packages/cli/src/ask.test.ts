import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createAsk } from './ask.ts';

const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });

test('a question is put on a terminal, and the line that is typed is the answer', async () => {
  const [input, output] = [stream(true), stream(true)];
  const ask = createAsk(input, output, new AbortController().signal);
  const answer = ask?.('Sure? ');
  input.write('yes\n');
  expect(await answer).toBe('yes');
  expect(String(output.read())).toBe('Sure? ');
  const second = ask?.('Again? ');
  input.write('no\n');
  expect(await second).toBe('no');
});

test('an input that ends is no answer, and an abort ends the question', async () => {
  const ended = stream(true);
  const answer = createAsk(ended, stream(true), new AbortController().signal)?.('Sure? ');
  ended.end();
  expect(await answer).toBe('');
  const abort = new AbortController();
  const asked = createAsk(stream(true), stream(true), abort.signal)?.('Sure? ');
  abort.abort(new Error('interrupted'));
  await expect(asked).rejects.toThrow();
});

test('where input or output is no terminal nobody can be asked', () => {
  const { signal } = new AbortController();
  expect([createAsk(stream(false), stream(true), signal), createAsk(stream(true), stream(false), signal), createAsk(undefined, stream(true), signal)]).toEqual([undefined, undefined, undefined]);
});
